//! Bulk: many operations in one request, each exactly what it would be alone.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{Answer, Caller, Error, Query, Service};
use crate::scim::bulk::{Method, Operation, Order, filled_in};
use crate::scim::discovery::BulkLimits;
use crate::scim::error::quoted;
use crate::scim::{BulkRequest, Error as ScimError, Precondition, json};

/// Operations of one request under way at the same time: enough to keep the directory's connections busy, and few enough
/// to leave room for everybody else's.
const SIDE_BY_SIDE: usize = 8;

/// What is kept of the request's time: an operation that hangs, and the five seconds in which is found out what became of
/// a write whose answer was lost, must not cost the answers of all others.
const KEPT: Duration = Duration::from_secs(6);

/// What became of one operation.
#[derive(Debug)]
pub struct Outcome {
    /// As it was sent.
    pub method: String,
    /// As it was sent.
    pub bulk_id: Option<String>,
    /// The resource's URL; `None` where there is no resource.
    pub location: Option<String>,
    /// What it would have been answered alone.
    pub result: Result<Answer, Error>,
}

impl Service {
    /// The limits of bulk requests.
    pub fn bulk_limits(&self) -> BulkLimits {
        self.settings().bulk
    }

    /// Carries out a bulk request (RFC 7644 §3.7). Answers one outcome for each operation that was tried or refused, in
    /// the order of the request; after `failOnErrors` errors the rest is neither. What an earlier operation has done
    /// stays done when a later one fails.
    ///
    /// # Errors
    /// When the request as a whole is malformed or larger than allowed; nothing was done then.
    pub async fn bulk(&self, caller: &Caller, body: &[u8]) -> Result<Vec<Outcome>, Error> {
        let most = self.bulk_limits().operations;
        let request = BulkRequest::parse(json::parse(body)?, &caller.dialect, most)?;
        let order = Order::of(&request.operations, &|operation| self.names(operation));
        let mut run = Run::new(&request, &order);
        let kept = KEPT.min(caller.deadline.remaining() / 4);
        let each = &Caller {
            deadline: caller.deadline.earlier_by(kept),
            ..caller.clone()
        };
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < run.room()
                && let Some(position) = run.ready.pop_first()
            {
                match run.prepare(position, each.deadline.passed()) {
                    Ok(prepared) => under_way
                        .push(async move { (position, self.perform(each, prepared).await) }),
                    Err(error) => run.record(position, Err(error)),
                }
            }
            match under_way.next().await {
                Some((position, result)) => run.record(position, result),
                None => break,
            }
        }
        drop(under_way);
        let not_begun = run.results.iter().flatten();
        let not_begun = not_begun
            .filter(|result| matches!(result, Err(Error::NotBegun)))
            .count();
        if not_begun > 0 {
            tracing::warn!(
                not_begun,
                "a bulk request ran out of time; raise `request_timeout` or lower `bulk_operations`"
            );
        }
        Ok(self.outcomes(caller, run))
    }

    /// Whether a change says something that only one entry can have, as far as the mapping tells. What names are made of does
    /// not count: where one is taken, the next is tried.
    fn names(&self, operation: &Operation) -> bool {
        let located = self.locate(&operation.path);
        let Ok(of) = located.and_then(|(of, _)| self.resource_type(of)) else {
            return false;
        };
        let mut lines = of.mapping.lines.iter();
        lines.any(|line| {
            (line.unique.is_some() || line.ldap == of.mapping.rdn)
                && operation.mentions(&line.place().attribute)
        })
    }

    async fn perform(&self, caller: &Caller, prepared: Prepared) -> Result<Answer, Error> {
        // The answer shows id, place and version; more of the resource is not read.
        let query = Query {
            attributes: Some("meta".to_owned()),
            precondition: Precondition::of_version(prepared.version.as_deref())?,
            ..Query::default()
        };
        let (of, id) = self.locate(&prepared.path)?;
        let body = &prepared.body;
        match (prepared.method, id) {
            (Method::Post, None) => self.create(caller, of, &query, body).await,
            (Method::Put, Some(id)) => self.replace(caller, of, id, &query, body).await,
            (Method::Patch, Some(id)) => self.patch(caller, of, id, &query, body).await,
            (Method::Delete, Some(id)) => self.delete(caller, of, id, &query).await,
            (Method::Post, Some(_)) => Err(Error::Invalid(ScimError::invalid_syntax(
                "`path` names a resource, and a POST creates one; send an endpoint such as `/Users`, without an id.",
            ))),
            (_, None) => Err(Error::Invalid(ScimError::invalid_syntax(
                "`path` is an endpoint, and a PUT, PATCH or DELETE needs a resource; send `/Users/{id}` or `/Users/bulkId:…`.",
            ))),
        }
    }

    fn outcomes(&self, caller: &Caller, run: Run<'_>) -> Vec<Outcome> {
        let Run {
            request,
            results,
            ids,
            ..
        } = run;
        let tried = request.operations.iter().zip(results);
        tried
            .filter_map(|(operation, result)| {
                let result = result?;
                let location = match &result {
                    Ok(Answer::Created(shown) | Answer::Resource(shown)) => shown.location.clone(),
                    _ => self.location(caller, operation, &ids),
                };
                Some(Outcome {
                    method: operation.method.clone(),
                    bulk_id: operation.bulk_id.clone(),
                    location,
                    result,
                })
            })
            .collect()
    }

    /// The URL of the resource that the operation names, whether or not it is there.
    fn location(
        &self,
        caller: &Caller,
        operation: &Operation,
        ids: &HashMap<&str, String>,
    ) -> Option<String> {
        let (path, _) = filled_in(&operation.path, &serde_json::Value::Null, &|bulk_id| {
            ids.get(bulk_id).cloned()
        });
        self.locate(&path).ok()?.1?;
        Some(format!("{}{path}", caller.base_url))
    }
}

/// An operation with ids in the place of every reference.
struct Prepared {
    method: Method,
    path: String,
    body: Vec<u8>,
    /// The version that the resource must have (RFC 7644 §3.7.3), as in `If-Match`.
    version: Option<String>,
}

/// How far a request has come.
struct Run<'a> {
    request: &'a BulkRequest,
    order: &'a Order,
    /// What nothing is waiting for any more, first come first served.
    ready: BTreeSet<usize>,
    /// How many operations each still waits for.
    open: Vec<usize>,
    waited_for_by: Vec<Vec<usize>>,
    results: Vec<Option<Result<Answer, Error>>>,
    /// The ids of the resources made so far, by `bulkId`.
    ids: HashMap<&'a str, String>,
    errors: usize,
}

impl<'a> Run<'a> {
    fn new(request: &'a BulkRequest, order: &'a Order) -> Self {
        let count = request.operations.len();
        let mut waited_for_by = vec![Vec::new(); count];
        let mut open = vec![0; count];
        for (position, open) in open.iter_mut().enumerate() {
            for before in order.waits_for(position) {
                waited_for_by[*before].push(position);
                *open += 1;
            }
        }
        Run {
            request,
            order,
            ready: (0..count).filter(|one| open[*one] == 0).collect(),
            open,
            waited_for_by,
            results: std::iter::repeat_with(|| None).take(count).collect(),
            ids: HashMap::new(),
            errors: 0,
        }
    }

    /// How many may be under way now. Never more than errors are left, so that `failOnErrors` is kept to the letter even
    /// when all of them fail.
    fn room(&self) -> usize {
        self.request
            .fail_on_errors
            .map_or(SIDE_BY_SIDE, |most| most.saturating_sub(self.errors))
            .min(SIDE_BY_SIDE)
    }

    fn prepare(&self, position: usize, late: bool) -> Result<Prepared, Error> {
        let operation = &self.request.operations[position];
        if let Some(error) = self.order.refused(position) {
            return Err(error.clone().into());
        }
        let method = operation.method()?;
        for maker in self.order.refers_to(position) {
            let bulk_id = self.request.operations[*maker].bulk_id.as_deref();
            if !bulk_id.is_some_and(|bulk_id| self.ids.contains_key(bulk_id)) {
                return Err(self.without(*maker));
            }
        }
        if late {
            return Err(Error::NotBegun);
        }
        let (path, data) = filled_in(&operation.path, &operation.data, &|bulk_id| {
            self.ids.get(bulk_id).cloned()
        });
        let body = serde_json::to_vec(&data).map_err(|error| Error::Internal {
            reason: format!("`data` cannot be written again: {error}"),
        })?;
        Ok(Prepared {
            method,
            path: path.into_owned(),
            body,
            version: operation.version.clone(),
        })
    }

    /// Why an operation that refers to this failed one cannot be done: for now where trying again may help, else for good.
    fn without(&self, maker: usize) -> Error {
        let bulk_id = self.request.operations[maker].bulk_id.as_deref();
        let name = quoted(bulk_id.unwrap_or_default());
        let again = match &self.results[maker] {
            Some(Err(Error::Unavailable { .. } | Error::Contended { .. } | Error::NotBegun)) => {
                true
            }
            Some(Err(Error::Invalid(error))) => error.status == 503,
            _ => false,
        };
        if again {
            return ScimError::new(
                503,
                None,
                format!("the resource {name} that this operation refers to could not be created for now; send both again."),
            )
            .into();
        }
        Error::PreconditionFailed {
            detail: format!(
                "the resource {name} that this operation refers to was not created, and its own answer says why; correct that, and send both again."
            ),
        }
    }

    fn record(&mut self, position: usize, result: Result<Answer, Error>) {
        match &result {
            Ok(Answer::Created(shown)) => {
                let bulk_id = self.request.operations[position].bulk_id.as_deref();
                if let (Some(bulk_id), Some(id)) = (bulk_id, shown.resource.id()) {
                    self.ids.insert(bulk_id, id.to_owned());
                }
            }
            Ok(_) => {}
            Err(_) => self.errors += 1,
        }
        self.results[position] = Some(result);
        for next in &self.waited_for_by[position] {
            self.open[*next] -= 1;
            if self.open[*next] == 0 {
                self.ready.insert(*next);
            }
        }
    }
}
