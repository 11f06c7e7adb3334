//! Moments: what comes before what. Of whole numbers and texts a directory knows the order only where the schema gives the
//! attribute one, and of texts it would be another one; of the directory's own times it always does (RFC 4512 §3.4).
//!
//! LDAP has "not less" and "not greater" only. Directories keep times to the second, so that "greater than this second"
//! is "not less than the next one".

use jiff::{SignedDuration, Timestamp};

use super::bounds::Bounds;
use super::{Pushdown, Tested};
use crate::ldap::{AttributeName, DirectoryKind, Filter as LdapFilter, GeneralizedTime};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Literal, Operator};

impl Pushdown<'_> {
    /// A comparison with an attribute of the syntax GeneralizedTime that has an order.
    pub(super) fn moment(
        &self,
        attribute: &AttributeName,
        path: &AttributePath,
        operator: Operator,
        value: &Literal,
    ) -> Tested {
        if operator.is_about_text() {
            return Ok(Bounds::among(LdapFilter::Present(attribute.clone())));
        }
        let refused = || {
            Error::invalid_filter(format!(
                "The attribute `{path}` is compared with a moment such as \"2026-01-31T23:59:59Z\", not with {}.",
                quoted(&value.to_string())
            ))
        };
        let text = value.text().unwrap_or_default();
        let moment: Timestamp = text.parse().map_err(|_| refused())?;
        let nanoseconds = i64::from(moment.to_zoned(jiff::tz::TimeZone::UTC).subsec_nanosecond());
        let begun = moment
            .checked_sub(SignedDuration::from_nanos(nanoseconds))
            .map_err(|_| refused())?;
        let octets = |seconds| -> Result<Vec<u8>, Error> {
            let second = begun
                .checked_add(SignedDuration::from_secs(seconds))
                .map_err(|_| refused())?;
            let time = GeneralizedTime::new(second).map_err(|_| refused())?;
            Ok(match self.kind() {
                DirectoryKind::ActiveDirectory => time.active_directory(),
                DirectoryKind::OpenLdap | DirectoryKind::Ds389 => time.to_string(),
            }
            .into_bytes())
        };
        let name = attribute.clone();
        let between = nanoseconds != 0;
        Ok(Bounds::exactly(match operator {
            Operator::Greater => LdapFilter::GreaterOrEqual(name, octets(1)?),
            Operator::GreaterOrEqual => {
                LdapFilter::GreaterOrEqual(name, octets(i64::from(between))?)
            }
            Operator::Less => LdapFilter::LessOrEqual(name, octets(i64::from(between) - 1)?),
            Operator::LessOrEqual => LdapFilter::LessOrEqual(name, octets(0)?),
            _ if between => return Ok(Bounds::NEVER),
            _ => LdapFilter::equal(name, octets(0)?),
        }))
    }
}
