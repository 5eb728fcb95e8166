//! Pictures as people bring them: odd ones that are well, and whole ones that are not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{names, run};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pictures").join(name)
}

/// Makes a video of a picture that lies there under another name.
fn goes_well(file: &str, name: &str) {
    let (files, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = files.path().join(name);
    fs::copy(fixture(file), &path).unwrap();
    let (path, folder) = (path.to_str().unwrap(), out.path().to_str().unwrap());
    let request = ["--sandbox", path, "--name", "Roast", "--provider", "jogg"];
    let (code, _, stderr) = run(&[&["plan"], &request[..]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let (code, _, stderr) = run(&[&["make", "--quiet", "--out", folder], &request[..]].concat());
    assert_eq!((code, &*stderr), (Some(0), ""));
    assert_eq!(names(out.path()), ["roast-jogg.mp4"]);
}

#[test]
fn a_cmyk_jpeg_goes_well() {
    goes_well("cmyk.jpg", "print.jpg");
}

#[test]
fn a_progressive_jpeg_goes_well() {
    goes_well("progressive.jpg", "web.JPEG");
}

#[test]
fn a_jpeg_that_a_phone_has_turned_goes_well() {
    goes_well("rotated.jpg", "IMG_0001.JPG");
}

#[test]
fn a_png_of_sixteen_bits_goes_well() {
    goes_well("sixteen_bit.png", "scan.png");
}

#[test]
fn an_animated_gif_goes_well() {
    goes_well("animated.gif", "turn.gif");
}

#[test]
fn an_animated_webp_goes_well() {
    goes_well("animated.webp", "turn.webp");
}

#[test]
fn webp_of_both_codecs_goes_well() {
    goes_well("lossy.webp", "lossy.webp");
    goes_well("lossless.webp", "lossless.webp");
}

#[test]
fn a_wrong_ending_and_an_odd_name_go_well() {
    goes_well("sixteen_bit.png", "photo.jpg");
    goes_well("cmyk.jpg", " 100% \"crème\" & 'früh';\t早安 ☕\u{202e}gnp.png");
    goes_well("lossy.webp", "none");
}

#[test]
fn what_is_no_picture_of_ours_is_named_for_what_it_is() {
    let files = tempfile::tempdir().unwrap();
    let heic = fs::read(fixture("heic_named.jpg")).unwrap();
    for (name, bytes, kind) in [
        ("IMG_0002.jpg", &*heic, "a HEIC picture"),
        ("next.png", b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "an AVIF picture"),
        ("scan.jpg", b"II*\0\x08\0\0\0\0\0", "a TIFF picture"),
        ("logo.png", b"<?xml version=\"1.0\"?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("saved.webp", b"<!DOCTYPE html><title>403</title>", "a web page"),
        ("shop.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("clip.gif", b"\0\0\0\x18ftypmp42\0\0\0\0", "a film"),
        ("nothing.png", b"", "empty"),
    ] {
        let path = files.path().join(name);
        fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        let (code, stdout, stderr) =
            run(&["plan", "--sandbox", path, "--name", "R", "--provider", "jogg"]);
        assert_eq!((code, &*stdout), (Some(2), ""), "{name}: {stderr}");
        for told in [name, kind, "product.images[0]", "PNG, JPEG, WebP or GIF"] {
            assert!(stderr.contains(told), "{told}: {stderr}");
        }
    }
}
