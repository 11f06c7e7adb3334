//! The answer to a bulk request (RFC 7644 §3.7): each operation's status and refusal, by the same table as alone.

use serde_json::{Map, Value, json};

use super::error::Fault;
use crate::provisioning::{Answer, Outcome};
use crate::scim::bulk::BULK_RESPONSE_URN;

/// One answer per outcome, in the same order. Refusals are handed to `journal`, as those of single requests are.
pub(super) fn document(outcomes: Vec<Outcome>, journal: impl Fn(&Fault)) -> Value {
    let operations: Vec<Value> = outcomes
        .into_iter()
        .map(|outcome| operation(outcome, &journal))
        .collect();
    json!({ "schemas": [BULK_RESPONSE_URN], "Operations": operations })
}

fn operation(outcome: Outcome, journal: &impl Fn(&Fault)) -> Value {
    let mut body = Map::new();
    if let Some(location) = outcome.location {
        body.insert("location".to_owned(), location.into());
    }
    body.insert("method".to_owned(), outcome.method.into());
    if let Some(bulk_id) = outcome.bulk_id {
        body.insert("bulkId".to_owned(), bulk_id.into());
    }
    if let Ok(Answer::Created(shown) | Answer::Resource(shown)) = &outcome.result
        && let Some(version) = &shown.version
    {
        body.insert("version".to_owned(), version.to_string().into());
    }
    let (status, response) = match outcome.result {
        Ok(Answer::Created(_)) => (201, None),
        Ok(Answer::Resource(_) | Answer::List(_)) => (200, None),
        Ok(Answer::NoContent) => (204, None),
        Ok(Answer::NotModified(_)) => (304, None),
        Err(error) => {
            let fault = Fault::from(error);
            journal(&fault);
            (fault.row().body.status, Some(fault.document()))
        }
    };
    // A string, as in every example of RFC 7644 §3.7.3.
    body.insert("status".to_owned(), status.to_string().into());
    if let Some(response) = response {
        body.insert("response".to_owned(), response);
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::provisioning::{Error, Shown};
    use crate::scim::{Resource, Version};

    fn outcome(method: &str, location: Option<&str>, result: Result<Answer, Error>) -> Outcome {
        Outcome {
            method: method.to_owned(),
            bulk_id: (method == "POST").then(|| "a".to_owned()),
            location: location.map(str::to_owned),
            result,
        }
    }

    #[test]
    fn each_operation_has_its_status_and_a_refusal_its_document() {
        let user = Shown {
            resource: Resource::new(),
            location: None,
            version: Version::new("7"),
        };
        let seen = Cell::new(0);
        let body = document(
            vec![
                outcome("POST", Some("https://x/Users/1"), Ok(Answer::Created(user))),
                outcome("DELETE", Some("https://x/Users/2"), Ok(Answer::NoContent)),
                outcome(
                    "POST",
                    None,
                    Err(Error::Conflict {
                        attribute: "userName".to_owned(),
                        detail: "`userName` is taken".to_owned(),
                    }),
                ),
            ],
            |_| seen.set(seen.get() + 1),
        );
        assert_eq!(seen.get(), 1, "the journal hears of the refusal alone");
        assert_eq!(
            body,
            json!({
                "schemas": [BULK_RESPONSE_URN],
                "Operations": [
                    { "location": "https://x/Users/1", "method": "POST", "bulkId": "a", "version": "W/\"7\"", "status": "201" },
                    { "location": "https://x/Users/2", "method": "DELETE", "status": "204" },
                    {
                        "method": "POST",
                        "bulkId": "a",
                        "status": "409",
                        "response": {
                            "schemas": [crate::scim::error::ERROR_URN],
                            "status": "409",
                            "scimType": "uniqueness",
                            "detail": "`userName` is taken"
                        }
                    }
                ]
            })
        );
    }
}
