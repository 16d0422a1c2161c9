//! The processor with all or a part of its instructions: what a row and a peer are told so that neither uses more.

use std::process::Command;

/// For each name, what limits jax (XLA), torch, oneDNN and MKL.
const PEERS: [(&str, [&str; 4]); 3] = [
    ("avx512", ["AVX512", "avx512", "AVX512_CORE", "AVX512"]),
    ("avx2", ["AVX2", "avx2", "AVX2", "AVX2"]),
    ("baseline", ["SSE4_2", "default", "SSE41", "SSE4_2"]),
];

/// Tells a row of the benchmark.
pub(crate) fn limit_row(row: &mut Command, set: Option<&str>) {
    if let Some(set) = set {
        row.args(["--instructions-set", set]);
    }
}

/// Tells a peer, through the variables that its libraries read. Other processors than x86 have nothing to leave out.
pub(crate) fn limit_peer(peer: &mut Command, set: Option<&str>) {
    let found = PEERS.iter().find(|(name, _)| Some(*name) == set);
    if let Some((_, [xla, torch, onednn, mkl])) = found {
        peer.env("XLA_FLAGS", format!("--xla_cpu_max_isa={xla}")).env("ATEN_CPU_CAPABILITY", torch);
        peer.env("ONEDNN_MAX_CPU_ISA", onednn).env("MKL_ENABLE_INSTRUCTIONS", mkl);
    }
}

/// The name of the processor, as the system tells it.
pub(crate) fn processor() -> String {
    let linux = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        // A guest may be told no more than the maker; family and model say which generation it is.
        Some(format!("{}, family {} model {}", field("model name")?, field("cpu family")?, field("model\t")?))
    });
    let mac = || {
        let output = Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|name| !name.is_empty())
    };
    linux.or_else(mac).unwrap_or_else(|| format!("a processor of the architecture {}", std::env::consts::ARCH))
}
