//! Before a group is deleted: its members leave it, and one behind a fence may not. The directory is asked whether there is
//! one; the list itself, which may be very long, is not read.

use super::service::Type;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::guard::{Attempt, Guard, Refusal, Rule};
use crate::ldap::{AttributeName, DirectoryKind, Dn, EntryName, Filter};

const ADMIN_COUNT: AttributeName = AttributeName::known("adminCount");
const MEMBER_OF: AttributeName = AttributeName::known("memberOf");

/// Names asked about in one search.
const NAMES_AT_ONCE: usize = 200;

impl Service {
    /// Refuses a group of which somebody is a member whom the fences name, who lies below a protected entry, or whom Active
    /// Directory calls privileged.
    pub(super) async fn refuse_fenced_members(
        &self,
        of: Type<'_>,
        group: &Dn,
        guard: &Guard,
        caller: &Caller,
    ) -> Result<(), Error> {
        let Some(line) = of.mapping.members() else {
            return Ok(());
        };
        let rule = self.fenced_member(&line.ldap, group, guard, caller).await;
        let rule = rule.map_err(Error::not_the_clients)?;
        rule.map_or(Ok(()), |rule| {
            Err(Error::Refused(Refusal {
                rule,
                attempted: Attempt::DeleteGroup,
                dn: group.clone(),
                attribute: Some(line.ldap.clone()),
            }))
        })
    }

    async fn fenced_member(
        &self,
        member: &AttributeName,
        group: &Dn,
        guard: &Guard,
        caller: &Caller,
    ) -> Result<Option<Rule>, Error> {
        let fences = guard.fences();
        let named: Vec<(&Dn, Rule)> = fences
            .protected_entries
            .iter()
            .map(|dn| (dn, Rule::ProtectedEntry))
            .chain(fences.own_account.iter().map(|dn| (dn, Rule::OwnAccount)))
            .chain(
                fences
                    .protected_groups
                    .iter()
                    .chain(&fences.protected_members)
                    .map(|dn| (dn, Rule::ProtectedGroup)),
            )
            .collect();
        for some in named.chunks(NAMES_AT_ONCE) {
            if !self.lists_one_of(group, member, some, caller).await? {
                continue;
            }
            // Which of them it is decides the rule that is told.
            for rule in [Rule::ProtectedEntry, Rule::OwnAccount] {
                let of_rule: Vec<(&Dn, Rule)> =
                    some.iter().filter(|(_, of)| *of == rule).copied().collect();
                if !of_rule.is_empty() && self.lists_one_of(group, member, &of_rule, caller).await?
                {
                    return Ok(Some(rule));
                }
            }
            return Ok(Some(Rule::ProtectedGroup));
        }
        let in_group = Filter::equal(MEMBER_OF, group.to_string());
        for entry in &fences.protected_entries {
            if self.finds(entry, in_group.clone(), caller).await? {
                return Ok(Some(Rule::ProtectedEntry));
            }
        }
        if self.kind() == DirectoryKind::ActiveDirectory {
            let domain = self
                .directory()
                .capabilities(caller.deadline)
                .await?
                .default_naming_context;
            // Whatever is not plainly zero counts, as for the guard.
            let privileged = Filter::and([
                in_group,
                Filter::Present(ADMIN_COUNT),
                Filter::equal(ADMIN_COUNT, "0").negate(),
            ]);
            if let Some(domain) = domain
                && self.finds(&domain, privileged, caller).await?
            {
                return Ok(Some(Rule::PrivilegedAccount));
            }
        }
        Ok(None)
    }

    /// Whether the group lists one of these.
    async fn lists_one_of(
        &self,
        group: &Dn,
        member: &AttributeName,
        names: &[(&Dn, Rule)],
        caller: &Caller,
    ) -> Result<bool, Error> {
        let names = names.iter().map(|(dn, _)| dn.to_string());
        let filter = Filter::or(names.map(|dn| Filter::equal(member.clone(), dn)));
        let group = EntryName::Dn(group.clone());
        let found = self
            .directory()
            .read(&group, &filter, &Wanted::nothing(), caller.deadline)
            .await?;
        Ok(found.is_some())
    }

    /// Whether there is such an entry at or below this one.
    async fn finds(&self, base: &Dn, filter: Filter, caller: &Caller) -> Result<bool, Error> {
        let search = Search {
            base: base.clone(),
            filter,
            wanted: Wanted::nothing(),
            order: None,
            limit: Some(1),
        };
        let found = self.directory().search(&search, caller.deadline).await?;
        Ok(!found.entries.is_empty())
    }
}
