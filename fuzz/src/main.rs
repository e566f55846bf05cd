//! One program with all targets; `BSMV_TARGET` names the one that is fed. `./build.sh fuzz` builds
//! and runs it.
#![no_main]

#[path = "../../tests/common/kernels.rs"]
mod oracle;
mod targets;

use std::sync::OnceLock;

// The oracle asks for them here.
use bsmv::kernels;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("BSMV_TARGET").unwrap_or_default();
        let found = targets::ALL.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("BSMV_TARGET is {name:?}")).1
    });
    target(data);
});
