//! Changes of members: value deltas that converge. What is so already is success, whatever the directory calls it.

use std::collections::{HashMap, HashSet};

use ldap3::Scope;
use uuid::Uuid;

use crate::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, Entry, EntryName, Filter, Modification,
    ModificationKind, Target, Values,
};

use super::apply::StepError;
use super::controls;
use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::{Error, Rejection};
use super::identity::{missed, right_entry};
use super::meaning::{self, Meaning};
use super::outcome::PAUSE;
use super::pool::{Pool, Purpose};
use super::references::Wanted;
use super::request::name_of;
use super::search::Search;
use super::wire::Query;

/// Values in one modify. Active Directory refuses far larger ones (00002024), and others hold a lock for long.
const BATCH: usize = 1000;
/// Values looked up in one search.
const LOOK: usize = 200;
/// How often a batch is looked at and sent again with what is left of it.
const ROUNDS: usize = 4;

/// The value that stands for no member where the schema demands one: the empty DN.
const PLACEHOLDER: &[u8] = b"";

impl Pool {
    /// Adds and removes values until they are present and absent as wished.
    pub(super) async fn converge(
        &self,
        target: &Target,
        modifications: &[Modification],
        assertion: Option<&Filter>,
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        let batches = batches(modifications);
        let count = batches.len();
        let mut entry = None;
        for (index, batch) in batches.into_iter().enumerate() {
            let post = post.filter(|_| index + 1 == count);
            // The first batch changes the entry, so that the condition could not hold for the others.
            let assertion = assertion.filter(|_| index == 0);
            entry = self
                .converge_batch(target, batch, assertion, post, deadline)
                .await
                .map_err(|mut failed| {
                    failed.partial |= index > 0;
                    failed
                })?;
        }
        Ok(entry)
    }

    async fn converge_batch(
        &self,
        target: &Target,
        mut batch: Vec<Modification>,
        assertion: Option<&Filter>,
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        let mut partial = false;
        let mut round = 0;
        loop {
            round += 1;
            let change = Change::Modify {
                target: target.clone(),
                modifications: batch.clone(),
                assertion: assertion.cloned(),
                convergence: Convergence::Converge,
            };
            let (error, certain) = match self.send_change(&change, post, true, deadline).await {
                Sent::Done(result) => return Ok(self.post_read(&result.ctrls, post)),
                Sent::Not(Error::Refused(rejection))
                    if self.needs_placeholder(&rejection, &batch) =>
                {
                    batch = with_placeholder(batch);
                    continue;
                }
                Sent::Not(Error::Refused(rejection)) if says_so_already(&rejection) => {
                    (Error::Refused(rejection), true)
                }
                Sent::Not(error) => {
                    return Err(StepError {
                        error,
                        certain: true,
                        partial,
                    });
                }
                Sent::Unknown(reason) => {
                    let dn = target.dn.to_string();
                    (
                        Error::OutcomeUnknown {
                            dn,
                            reason: format!("{reason}; some members are not as wished"),
                        },
                        false,
                    )
                }
            };
            let look = self.look_deadline(deadline);
            let left = loop {
                match self.outstanding(target, &batch, look).await {
                    Ok(left) => break left,
                    Err(Error::Unavailable { .. }) if !look.passed() => {
                        tokio::time::sleep(PAUSE).await
                    }
                    // It was another one that has the name by now, and what is so already is so of that one.
                    Err(missed) if certain && missed.meaning() == Some(Meaning::NoSuchEntry) => {
                        return Err(StepError {
                            error: missed,
                            certain,
                            partial,
                        });
                    }
                    Err(_) => {
                        return Err(StepError {
                            error,
                            certain,
                            partial,
                        });
                    }
                }
            };
            if left.is_empty() {
                return Ok(None);
            }
            // What was looked for and not found certainly did not happen: a modify is whole or not at all.
            let progress = left != batch;
            partial |= progress && !certain;
            // Others may add and remove the same members at the same moment; where that is not it, once more tells.
            let hopeless = certain && !progress && round > 1;
            if round >= ROUNDS || hopeless || deadline.passed() {
                return Err(StepError {
                    error,
                    certain: true,
                    partial,
                });
            }
            batch = left;
        }
    }

    fn needs_placeholder(&self, rejection: &Rejection, batch: &[Modification]) -> bool {
        let placed = |one: &Modification| {
            one.kind == ModificationKind::Add
                && one.values.plain().iter().any(|value| value == PLACEHOLDER)
        };
        rejection.code == 65
            && self.settings.kind.placeholder_member()
            && batch.iter().any(|one| one.kind == ModificationKind::Delete)
            && !batch.iter().any(placed)
    }

    /// What of these modifications is not so yet.
    async fn outstanding(
        &self,
        target: &Target,
        batch: &[Modification],
        deadline: Deadline,
    ) -> Result<Vec<Modification>, Error> {
        let mut left = Vec::new();
        for modification in batch {
            let values = modification.values.plain();
            let present = self
                .present(target, &modification.attribute, values, deadline)
                .await?;
            let wished = modification.kind == ModificationKind::Add;
            let missing: Vec<Vec<u8>> = values
                .iter()
                .zip(present)
                .filter(|(_, present)| *present != wished)
                .map(|(value, _)| value.clone())
                .collect();
            if !missing.is_empty() {
                left.push(Modification {
                    values: Values::Plain(missing),
                    ..modification.clone()
                });
            }
        }
        Ok(left)
    }

    /// Which of the values the attribute of the entry holds, which is the one that is meant.
    async fn present(
        &self,
        target: &Target,
        attribute: &AttributeName,
        values: &[Vec<u8>],
        deadline: Deadline,
    ) -> Result<Vec<bool>, Error> {
        let name = name_of(target, self.settings.kind);
        let right = right_entry(target, self.settings.kind);
        if let [value] = values
            && !value.is_empty()
            && pointed_at(value).is_some_and(|of| matches!(of, EntryName::Dn(_)))
        {
            let has = Filter::equal(attribute.clone(), value.clone());
            let has = Filter::and(right.clone().into_iter().chain([has]));
            let none = Wanted::nothing();
            let found = self.read_entry(&name, &has, &none, deadline).await?;
            if let (None, Some(right)) = (&found, right) {
                let there = self.read_entry(&name, &right, &none, deadline).await?;
                there.ok_or_else(missed)?;
            }
            return Ok(vec![found.is_some()]);
        }
        let right = right.unwrap_or_else(Filter::everything);
        if self.settings.kind == DirectoryKind::ActiveDirectory && attribute.is("member") {
            return self.present_by_back_link(&name, values, deadline).await;
        }
        let mut present = Vec::with_capacity(values.len());
        for chunk in values.chunks(LOOK) {
            present.extend(
                self.present_in_entry(&name, &right, attribute, chunk, deadline)
                    .await?,
            );
        }
        Ok(present)
    }

    /// Which of the values the entry shows: only these are asked for where the directory can be asked so, else all.
    async fn present_in_entry(
        &self,
        name: &EntryName,
        right: &Filter,
        attribute: &AttributeName,
        values: &[Vec<u8>],
        deadline: Deadline,
    ) -> Result<Vec<bool>, Error> {
        let wanted = Wanted::attributes([attribute.clone()]);
        let (answer, lease) = self
            .read(deadline, |connection| {
                let can = connection.capabilities.supports(controls::MATCHED_VALUES);
                Query {
                    base: name.to_string(),
                    scope: Scope::Base,
                    filter: right.clone(),
                    attributes: wanted.names(),
                    controls: can
                        .then(|| controls::matched_values(attribute, values))
                        .into_iter()
                        .collect(),
                    most: 1,
                }
            })
            .await?;
        if !matches!(answer.result.rc, 0 | 32) {
            let (code, text) = (answer.result.rc, &answer.result.text);
            return Err(meaning::rejection(code, text, lease.connection.secured).into());
        }
        let entry = self
            .entries(answer.entries, &wanted, &lease, deadline)
            .await?
            .pop();
        let entry = entry.ok_or_else(missed)?;
        let held: HashSet<Dn> = entry
            .texts(attribute)
            .filter_map(|text| Dn::parse(text).ok())
            .collect();
        let has = |value: &Vec<u8>| match pointed_at(value) {
            Some(EntryName::Dn(dn)) => held.contains(&dn),
            _ => entry.values(attribute).contains(value),
        };
        Ok(values.iter().map(has).collect())
    }

    /// Which of these entries say in memberOf that they are in the group: costs the same whatever the group's size.
    async fn present_by_back_link(
        &self,
        group: &EntryName,
        values: &[Vec<u8>],
        deadline: Deadline,
    ) -> Result<Vec<bool>, Error> {
        let kind = self.settings.kind;
        let none = Wanted::nothing();
        let Some(group) = self
            .read_entry(group, &Filter::everything(), &none, deadline)
            .await?
        else {
            return Err(Error::protocol(format!("{group} is gone")));
        };
        let root = {
            let lease = self.lease(Purpose::Read, None, deadline).await?;
            lease.connection.capabilities.default_naming_context.clone()
        };
        let base = root.ok_or_else(|| {
            Error::protocol("the domain controller does not tell its naming context")
        })?;
        let member_of = Filter::equal(AttributeName::known("memberOf"), group.dn.to_string());
        let mut by_dn: HashSet<Dn> = HashSet::new();
        let mut by_id: HashSet<Uuid> = HashSet::new();
        for chunk in values.chunks(LOOK) {
            let one = |value: &Vec<u8>| match pointed_at(value) {
                Some(EntryName::Guid(id)) => kind.id_filter(id),
                _ => Filter::equal(AttributeName::known("distinguishedName"), value.clone()),
            };
            let search = Search {
                base: base.clone(),
                filter: Filter::and([Filter::or(chunk.iter().map(one)), member_of.clone()]),
                wanted: Wanted::attributes([kind.id_attribute()]),
                order: None,
                limit: None,
            };
            for entry in self.search_entries(&search, deadline).await?.entries {
                by_id.extend(entry.id(kind));
                by_dn.insert(entry.dn);
            }
        }
        let has = |value: &Vec<u8>| match pointed_at(value) {
            Some(EntryName::Dn(dn)) => by_dn.contains(&dn),
            Some(EntryName::Guid(id)) => by_id.contains(&id),
            None => false,
        };
        Ok(values.iter().map(has).collect())
    }
}

/// Whether the refusal may only mean that some value is present or absent already. Samba does not honour the
/// permissive modify control for `member`, and says it with 68, 53 or 16; others with 20 or 16.
fn says_so_already(rejection: &Rejection) -> bool {
    match rejection.meaning {
        Meaning::AlreadyPresent | Meaning::AlreadyAbsent => true,
        Meaning::NameTaken | Meaning::Other => matches!(rejection.code, 68 | 53),
        _ => false,
    }
}

/// The modifications in modifies of at most [`BATCH`] values, in their order.
fn batches(modifications: &[Modification]) -> Vec<Vec<Modification>> {
    let mut batches: Vec<Vec<Modification>> = Vec::new();
    let mut room = 0;
    for modification in modifications {
        let mut values = modification.values.plain();
        if values.is_empty() || modification.kind == ModificationKind::Replace {
            batches.push(vec![modification.clone()]);
            room = 0;
            continue;
        }
        while !values.is_empty() {
            if room == 0 {
                batches.push(Vec::new());
                room = BATCH;
            }
            let (now, later) = values.split_at(room.min(values.len()));
            room -= now.len();
            values = later;
            if let Some(batch) = batches.last_mut() {
                batch.push(Modification {
                    values: Values::Plain(now.to_vec()),
                    ..modification.clone()
                });
            }
        }
    }
    batches
}

/// The same with the placeholder member added to every attribute from which values are removed.
fn with_placeholder(batch: Vec<Modification>) -> Vec<Modification> {
    let mut attributes: HashMap<AttributeName, ()> = HashMap::new();
    let placed: Vec<Modification> = batch
        .iter()
        .filter(|one| {
            one.kind == ModificationKind::Delete
                && attributes.insert(one.attribute.clone(), ()).is_none()
        })
        .map(|one| Modification::add(one.attribute.clone(), Values::one(PLACEHOLDER)))
        .collect();
    placed.into_iter().chain(batch).collect()
}

/// What a member value points at.
fn pointed_at(value: &[u8]) -> Option<EntryName> {
    let text = std::str::from_utf8(value).ok()?;
    match text
        .strip_prefix("<GUID=")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        Some(id) => Some(EntryName::Guid(crate::ldap::guid::parse(id)?)),
        None => Some(EntryName::Dn(Dn::parse(text).ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: AttributeName = AttributeName::known("member");

    fn many(range: std::ops::Range<usize>) -> Values {
        Values::Plain(
            range
                .map(|number| format!("uid={number},dc=e").into_bytes())
                .collect(),
        )
    }

    #[test]
    fn a_large_delta_goes_in_batches_of_a_thousand_in_its_order() {
        let delta = [
            Modification::delete(MEMBER, many(0..1500)),
            Modification::add(MEMBER, many(1500..3200)),
        ];
        let batches = batches(&delta);
        let sizes: Vec<usize> = batches
            .iter()
            .map(|batch| batch.iter().map(|one| one.values.plain().len()).sum())
            .collect();
        assert_eq!(sizes, [1000, 1000, 1000, 200]);
        assert_eq!(
            batches[1].iter().map(|one| one.kind).collect::<Vec<_>>(),
            [ModificationKind::Delete, ModificationKind::Add]
        );
        assert_eq!(
            batches[3][0].values.plain().last().unwrap(),
            b"uid=3199,dc=e"
        );
    }

    #[test]
    fn the_placeholder_comes_before_the_last_member_goes() {
        let batch = with_placeholder(vec![Modification::delete(MEMBER, many(0..1))]);
        assert_eq!(batch[0], Modification::add(MEMBER, Values::one("")));
        assert_eq!(batch.len(), 2);
    }

    #[test]
    fn only_refusals_that_may_mean_so_already_are_looked_into() {
        let says =
            |code, text| says_so_already(&super::super::meaning::rejection(code, text, true));
        assert!(says(
            68,
            "Attribute member already exists for target GUID x"
        ));
        assert!(says(53, "Attribute member doesn't exist for target GUID x"));
        assert!(says(
            68,
            "00000562: UpdErr: DSID-031A1262, problem 6005 (ENTRY_EXISTS), data 0"
        ));
        assert!(says(20, "modify/add: member: value #0 already exists"));
        assert!(says(16, ""));
        assert!(!says(
            68,
            "00002071: samldb: member already set via primaryGroupID 513"
        ));
        assert!(!says(53, "00002144: SvcErr"));
        assert!(!says(32, "00000525: NameErr"));
        assert!(!says(50, ""));
    }

    #[test]
    fn member_values_are_dns_or_guids() {
        let id = Uuid::from_u128(7);
        assert_eq!(
            pointed_at(format!("<GUID={id}>").as_bytes()),
            Some(EntryName::Guid(id))
        );
        assert_eq!(
            pointed_at(b"uid=a"),
            Some(EntryName::Dn(Dn::parse("uid=a").unwrap()))
        );
        assert_eq!(pointed_at(b"<GUID=x>"), None);
    }
}
