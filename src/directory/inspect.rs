//! What a directory says of itself: rootDSE, schema, and who the bridge is to it.

use ldap3::Scope;
use ldap3::exop::{Exop, WhoAmI};

use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter, Schema};

use super::capabilities::{Capabilities, root_dse, root_dse_query};
use super::controls;
use super::deadline::Deadline;
use super::error::Error;
use super::meaning;
use super::pool::{Pool, Purpose};
use super::references::Wanted;
use super::search::Search;
use super::wire::Query;

impl Pool {
    pub(super) async fn read_capabilities(
        &self,
        deadline: Deadline,
    ) -> Result<Capabilities, Error> {
        let lease = self.lease(Purpose::Read, None, deadline).await?;
        Ok(lease.connection.capabilities.clone())
    }

    pub(super) async fn read_root_dse(&self, deadline: Deadline) -> Result<Entry, Error> {
        let (answer, lease) = self.read(deadline, |_| root_dse_query(true)).await?;
        match answer.result.rc {
            0 => root_dse(answer.entries),
            code => {
                Err(meaning::rejection(code, &answer.result.text, lease.connection.secured).into())
            }
        }
    }

    /// The subschema subentry of the server (RFC 4512 §4.2).
    pub(super) async fn read_schema(&self, deadline: Deadline) -> Result<Schema, Error> {
        let name = self.read_capabilities(deadline).await?.schema;
        let name =
            name.ok_or_else(|| Error::protocol("the server does not tell where its schema is"))?;
        let attribute_types = AttributeName::known("attributeTypes");
        let object_classes = AttributeName::known("objectClasses");
        // Active Directory names there the auxiliary classes of its account classes.
        let content_rules = AttributeName::known("dITContentRules");
        let filter = Filter::equal(AttributeName::known("objectClass"), "subSchema");
        let (answer, lease) = self
            .read(deadline, |_| Query {
                base: name.to_string(),
                scope: Scope::Base,
                filter: filter.clone(),
                attributes: [&attribute_types, &object_classes, &content_rules]
                    .map(ToString::to_string)
                    .into(),
                controls: Vec::new(),
                most: 1,
            })
            .await?;
        if answer.result.rc != 0 {
            return Err(meaning::rejection(
                answer.result.rc,
                &answer.result.text,
                lease.connection.secured,
            )
            .into());
        }
        let entries = self
            .entries(answer.entries, &Wanted::nothing(), &lease, deadline)
            .await?;
        let entry = entries
            .into_iter()
            .next()
            .ok_or_else(|| Error::protocol(format!("the schema at {name} cannot be read")))?;
        let (types, classes): (Vec<&str>, Vec<&str>) = (
            entry.texts(&attribute_types).collect(),
            entry.texts(&object_classes).collect(),
        );
        Ok(Schema::parse(types, classes).with_content_rules(entry.texts(&content_rules)))
    }

    /// The DN of the account the bridge is bound as.
    pub(super) async fn read_own_name(&self, deadline: Deadline) -> Result<Option<Dn>, Error> {
        let bound_as = self.settings.bind.dn.as_str();
        if self.settings.kind == DirectoryKind::ActiveDirectory {
            return self.own_name_in_domain(bound_as, deadline).await;
        }
        let lease = self.lease(Purpose::Read, None, deadline).await?;
        if lease.connection.capabilities.supports(controls::WHO_AM_I) {
            self.count_round_trip();
            let mut ldap = lease.connection.handle();
            let asking = self
                .runtime
                .spawn(async move { ldap.extended(WhoAmI).await });
            if let Some(Ok(Ok(answer))) = deadline.bound(asking).await
                && answer.1.rc == 0
                && let Exop {
                    val: Some(identity),
                    ..
                } = answer.0
                && let Some(name) = std::str::from_utf8(&identity)
                    .ok()
                    .and_then(|text| text.strip_prefix("dn:"))
                && let Ok(dn) = Dn::parse(name)
                && !dn.is_root()
            {
                return Ok(Some(dn));
            }
        }
        Ok(Dn::parse(bound_as).ok())
    }

    /// Active Directory takes other names than DNs in a bind, and Samba does not know the Who am I operation.
    async fn own_name_in_domain(
        &self,
        bound_as: &str,
        deadline: Deadline,
    ) -> Result<Option<Dn>, Error> {
        if let Ok(dn) = Dn::parse(bound_as)
            && !dn.is_root()
        {
            let entry = self
                .read_entry(
                    &EntryName::Dn(dn),
                    &Filter::everything(),
                    &Wanted::nothing(),
                    deadline,
                )
                .await?;
            return Ok(entry.map(|entry| entry.dn));
        }
        let account = AttributeName::known("sAMAccountName");
        let filter = match (bound_as.split_once('@'), bound_as.split_once('\\')) {
            (_, Some((_, name))) => Filter::equal(account, name),
            (Some((name, _)), None) => Filter::or([
                Filter::equal(AttributeName::known("userPrincipalName"), bound_as),
                Filter::equal(account, name),
            ]),
            (None, None) => Filter::equal(account, bound_as),
        };
        let Some(base) = self
            .read_capabilities(deadline)
            .await?
            .default_naming_context
        else {
            return Ok(None);
        };
        let search = Search {
            base,
            filter,
            wanted: Wanted::nothing(),
            order: None,
            limit: Some(2),
        };
        let found = self.search_entries(&search, deadline).await?;
        Ok(found.entries.into_iter().next().map(|entry| entry.dn))
    }
}
