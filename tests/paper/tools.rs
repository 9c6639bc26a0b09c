//! Programs that are not ours, and golden pictures.
#![allow(dead_code)] // each test file takes what it needs

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use media_custody::render::paper::bitmap::Bitmap;
use tempfile::TempDir;

/// Whether all of them are installed; where tests must not be skipped, a missing one
/// fails.
pub fn there(programs: &[&str]) -> bool {
    let missing: Vec<&&str> =
        programs.iter().filter(|name| Command::new(name).arg("--help").output().is_err()).collect();
    if missing.is_empty() {
        return true;
    }
    let required = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|word| word == "1");
    assert!(!required, "{missing:?} not installed");
    eprintln!("skipped: {missing:?} not installed");
    false
}

/// A PDF in a folder of its own.
pub struct File {
    folder: TempDir,
}

impl File {
    pub fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("document.pdf"), bytes).expect("written");
        File { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("document.pdf")
    }

    /// What a program says about it: options, file, more.
    pub fn run(&self, program: &str, before: &[&str], after: &[&str]) -> String {
        let done = Command::new(program)
            .args(before)
            .arg(self.path())
            .args(after)
            .current_dir(self.folder.path())
            .output()
            .expect("it runs");
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Each page as PNG at that many dots an inch.
    pub fn pages(&self, dpi: u32) -> Vec<Vec<u8>> {
        self.run("pdftoppm", &["-r", &dpi.to_string(), "-png", "-gray"], &["page"]);
        let files = fs::read_dir(self.folder.path()).expect("a folder");
        let mut pages: Vec<PathBuf> = files
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "png"))
            .collect();
        pages.sort();
        pages.iter().map(|page| fs::read(page).expect("a page")).collect()
    }

    /// The file inside it.
    pub fn attached(&self) -> Vec<u8> {
        self.run("pdfdetach", &["-save", "1", "-o", "attached"], &[]);
        fs::read(self.folder.path().join("attached")).expect("an attachment")
    }
}

/// What zbar reads in a picture.
pub fn zbar(png: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.png");
    fs::write(&path, png).expect("written");
    let done = Command::new("zbarimg").args(["--quiet", "--raw"]).arg(&path).output();
    let said = String::from_utf8(done.expect("it runs").stdout).expect("text");
    said.lines().map(str::to_owned).collect()
}

/// Whether the file says that it is PDF/A, level 2u or 3u, and has what that asks for:
/// an output intent, marked content and every font embedded.
pub fn is_pdf_a(file: &File) -> bool {
    let plain = file.run("qpdf", &["--qdf", "--object-streams=disable"], &["-"]);
    let fonts = file.run("pdffonts", &[], &[]);
    let embedded = fonts.lines().skip(2).all(|line| {
        // name, type, encoding, then "emb sub uni".
        let words: Vec<&str> = line.split_whitespace().collect();
        let flags = words.len().checked_sub(5).and_then(|at| words.get(at..at + 3));
        flags == Some(&["yes", "yes", "yes"])
    });
    let level = ["pdfaid:part>2<", "pdfaid:part>3<"].iter().any(|part| plain.contains(part));
    level
        && plain.contains("pdfaid:conformance>U<")
        && plain.contains("/OutputIntent")
        && plain.contains("/MarkInfo")
        && plain.contains("/StructTreeRoot")
        && embedded
}

/// Compares with the golden picture: at most one dot in 200 may differ, so that an
/// update of the rasteriser is not a change of the document.
pub fn golden(name: &str, found: &Bitmap) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/paper");
    let path = folder.join(format!("{name}.png"));
    if std::env::var_os("CUSTODY_BLESS").is_some() {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(&path, found.to_png().expect("a picture")).expect("written");
        return None;
    }
    let Ok(kept) = fs::read(&path) else { return Some(format!("{name}: no golden picture")) };
    let kept = image::load_from_memory(&kept).expect("a picture").into_luma8();
    let size = (kept.width() as usize, kept.height() as usize);
    if size != (found.width(), found.height()) {
        return Some(format!("{name}: {size:?} is now {} x {}", found.width(), found.height()));
    }
    let grey = found.to_grey();
    let other = kept.as_raw().iter().zip(&grey).filter(|(a, b)| a.abs_diff(**b) > 100).count();
    let kept_back =
        tempfile::Builder::new().prefix(name).suffix(".png").disable_cleanup(true).tempfile();
    (other * 200 > grey.len()).then(|| {
        let now = kept_back.expect("a file");
        fs::write(now.path(), found.to_png().expect("a picture")).expect("written");
        format!("{name}: {other} of {} dots differ; see {}", grey.len(), now.path().display())
    })
}

/// An SVG as PNG at 200 dots an inch, by librsvg.
pub fn drawn_svg(picture: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("pages.svg"), folder.path().join("pages.png"));
    fs::write(&from, picture).expect("written");
    let options = ["--dpi-x", "200", "--dpi-y", "200", "-o"];
    let done = Command::new("rsvg-convert").args(options).arg(&to).arg(&from).output();
    let done = done.expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::read(to).expect("a picture")
}
