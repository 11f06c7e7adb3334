//! From a checked configuration to a running service.

use tokio::runtime::Handle;

use crate::config::Config;
use crate::directory::{self, Deadline, Directory};
use crate::mapping::Mapping;
use crate::provisioning::{self, Service};

/// Why the rooms cannot be put together.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The directory's settings contradict each other, or TLS cannot be set up.
    #[error("the directory's settings cannot be used: {0}")]
    Directory(#[from] directory::SettingsError),
    /// Mapping and resources do not fit.
    #[error(transparent)]
    Provisioning(#[from] provisioning::SettingsError),
    /// What remains of the mapping without the attributes this directory lacks makes no sense.
    #[error("{0}")]
    Mapping(String),
    /// The directory's schema could not be read.
    #[error(transparent)]
    Schema(#[from] directory::Error),
}

/// Connections to the directory; they open in the background.
pub(super) fn directory(config: &Config, runtime: &Handle) -> Result<Directory, Failure> {
    Ok(Directory::new(
        config.directory_settings(),
        runtime.clone(),
    )?)
}

/// The service with the mapping as it is written.
pub(super) fn service(config: &Config, directory: &Directory) -> Result<Service, Failure> {
    Ok(Service::new(
        config.mapping.clone(),
        directory.clone(),
        config.provisioning_settings(),
    )?)
}

/// The service with the mapping fitted to the schema of the directory at hand.
pub(super) async fn fitted_service(
    config: &Config,
    directory: &Directory,
    deadline: Deadline,
) -> Result<Service, Failure> {
    let mapping = fitted_mapping(config, directory, deadline).await?;
    Ok(Service::new(
        mapping,
        directory.clone(),
        config.provisioning_settings(),
    )?)
}

async fn fitted_mapping(
    config: &Config,
    directory: &Directory,
    deadline: Deadline,
) -> Result<Mapping, Failure> {
    let schema = directory.schema(deadline).await?;
    let has = |name: &crate::ldap::AttributeName| schema.attribute(name).is_some();
    config
        .mapping
        .fitted(has)
        .map_err(|fault| Failure::Mapping(fault.report()))
}
