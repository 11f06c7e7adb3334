//! Where RFC 7644 leaves the answer to the server, and clients want it differently.

/// One way of answering that a client may ask for. Unlike a leniency it forgives nothing: both answers are the RFC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Behaviour {
    /// A PATCH of a group answers 204, so that its members need not be read.
    GroupPatchNoContent,
    /// No answer shows a group's members.
    MembersNotReturned,
}

impl Behaviour {
    /// Every behaviour, in the order of the documentation.
    pub const ALL: [Behaviour; 2] = [
        Behaviour::GroupPatchNoContent,
        Behaviour::MembersNotReturned,
    ];

    /// The name used in configuration and documentation.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Who wants it, and where that is written down.
    pub fn source(self) -> &'static str {
        self.facts().1
    }

    /// What is answered, and what is answered without it.
    pub fn description(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Behaviour::GroupPatchNoContent => (
                "group-patch-no-content",
                "Entra ID recommends 204 for groups (Microsoft, use-scim-to-provision-users-and-groups); Okta takes 200 and 204",
                "PATCH of a group answers 204, unless `attributes` or `excludedAttributes` is sent, and costs the same whatever the group's size. \
                 Otherwise: 200 with the group, and 204 for a group of more than 1,000 members.",
            ),
            Behaviour::MembersNotReturned => (
                "members-not-returned",
                "AWS IAM Identity Center, whose GetGroup and ListGroups never show members (AWS, SCIM developer guide); clients made for it expect none",
                "No answer shows `members`; they are changed and filtered by as ever. Otherwise: `members` are shown unless the request leaves them out.",
            ),
        }
    }
}
