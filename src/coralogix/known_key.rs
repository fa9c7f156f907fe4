//! The top-level keys of a webhook that the vendor documents.

use super::json;

/// A documented top-level key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownKey {
    /// `id`
    Id,
    /// `company_id`
    CompanyId,
    /// `companyId`, another spelling of `company_id`
    CompanyIdInCamelCase,
    /// `created_at`
    CreatedAt,
    /// `updated_at`
    UpdatedAt,
    /// `integrationTypeId`, another spelling of `integration_type_id`
    TypeIdInCamelCase,
    /// `alias`
    Alias,
    /// `url`
    Url,
    /// `integration_type`
    Type,
    /// `integration_type_id`
    TypeId,
    /// `integration_type_fields`
    Fields,
}

impl KnownKey {
    /// Every documented key.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::CompanyId,
        Self::CompanyIdInCamelCase,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::TypeIdInCamelCase,
        Self::Alias,
        Self::Url,
        Self::Type,
        Self::TypeId,
        Self::Fields,
    ];

    /// The key that a text spells; `None` if the vendor does not document it.
    pub fn from_text(key: &str) -> Option<Self> {
        Some(match key {
            "id" => Self::Id,
            "company_id" => Self::CompanyId,
            "companyId" => Self::CompanyIdInCamelCase,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "integrationTypeId" => Self::TypeIdInCamelCase,
            "alias" => Self::Alias,
            "url" => Self::Url,
            "integration_type" => Self::Type,
            "integration_type_id" => Self::TypeId,
            "integration_type_fields" => Self::Fields,
            _ => return None,
        })
    }

    /// The key that a JSON token, quotes included, spells with or without escapes.
    pub(super) fn from_token(token: &str) -> Option<Self> {
        let inner = &token[1..token.len() - 1];
        if inner.contains('\\') {
            return Self::from_text(&json::decode_string(token).ok()?);
        }
        Self::from_text(inner)
    }

    /// The key as the vendor spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::CompanyId => "company_id",
            Self::CompanyIdInCamelCase => "companyId",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::TypeIdInCamelCase => "integrationTypeId",
            Self::Alias => "alias",
            Self::Url => "url",
            Self::Type => "integration_type",
            Self::TypeId => "integration_type_id",
            Self::Fields => "integration_type_fields",
        }
    }

    /// Whether the server owns the key, so that a create must not contain it.
    ///
    /// An `id` would turn the create into an update of whatever webhook has that id in the target.
    pub fn is_server_owned(self) -> bool {
        match self {
            Self::Id
            | Self::CompanyId
            | Self::CompanyIdInCamelCase
            | Self::CreatedAt
            | Self::UpdatedAt
            | Self::TypeIdInCamelCase => true,
            Self::Alias | Self::Url | Self::Type | Self::TypeId | Self::Fields => false,
        }
    }
}
