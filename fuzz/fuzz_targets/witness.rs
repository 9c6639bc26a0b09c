//! Everything of witnesses that comes from elsewhere: requests, records, policies, fork
//! proofs. What is accepted has one spelling, policies apart, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_custody::proof::fork::ForkProof;
use media_custody::proof::quorum::WitnessPolicy;
use media_custody::proof::witness::{AddCheckpoint, WitnessedLog};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_bytes(), bytes);
        assert!(request.judge(None).is_err());
    }
    if let Ok(record) = WitnessedLog::parse(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
    if let Ok(proof) = ForkProof::parse(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
    if let Ok(policy) = WitnessPolicy::parse(bytes) {
        assert!(policy.witnesses().len() <= 128);
    }
});
