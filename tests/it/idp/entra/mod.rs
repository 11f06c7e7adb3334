//! Microsoft Entra ID's provisioning service, in its default dialect and with `aadOptscim062020`. One tenant may send
//! both. The numbers in the names are those of the catalogue of captures (`1_4_3`: section 1.4, line 3).

mod connection;
mod create;
mod create_variants;
mod group_members;
mod groups;
mod life;
mod manager;
mod matching;
mod roles;
mod update;
mod update_flag;
