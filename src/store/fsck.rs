//! placeholder
use super::*;
/// stub
#[derive(Debug, serde::Serialize)]
pub struct Report;
impl Report {
    /// stub
    pub fn is_sound(&self) -> bool {
        true
    }
}
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stub")
    }
}
/// stub
pub fn check(_f: &std::path::Path, _o: &Options, _p: Progress<'_>) -> Result<Report, StoreError> {
    Ok(Report)
}
/// stub
pub fn repair(_f: &std::path::Path, _o: &Options, _p: Progress<'_>) -> Result<Report, StoreError> {
    Ok(Report)
}
