//! Whole clips, small and short, read back with a parser that is not ours.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use mp4::{MediaType, Mp4Reader};

use super::*;

fn photo(width: u32, height: u32) -> Picture {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 120])
    });
    decode(&DynamicImage::ImageRgb8(pixels))
}

fn decode(image: &DynamicImage) -> Picture {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    Picture::decode(png.get_ref()).unwrap()
}

fn scene(seconds: u32, images: Vec<Picture>) -> Scene {
    let mut scene = Scene::new(FrameSize::exact(180, 320), seconds, "Espresso cup");
    scene.images = images;
    scene.captions = vec!["Slow mornings".to_owned(), "Hand made".to_owned()];
    scene.price = Some("€ 24.90".to_owned());
    scene
}

/// Codec, size, frames and duration of a file.
fn assert_film(bytes: &[u8], size: FrameSize, seconds: u32) {
    let mut mp4 = Mp4Reader::read_header(Cursor::new(bytes), bytes.len() as u64).unwrap();
    assert_eq!(mp4.tracks().len(), 1);
    let (&id, track) = mp4.tracks().iter().next().unwrap();
    assert_eq!(track.media_type().unwrap(), MediaType::H264);
    assert_eq!(
        (u32::from(track.width()), u32::from(track.height())),
        (size.width(), size.height())
    );
    assert_eq!(track.duration(), Duration::from_secs(seconds.into()));
    let (count, scale) = (track.sample_count(), track.timescale());
    assert_eq!(count, seconds * FPS);
    let samples: Vec<_> =
        (1..=count).map(|index| mp4.read_sample(id, index).unwrap().unwrap()).collect();
    assert_eq!(samples.iter().map(|sample| sample.duration).sum::<u32>(), seconds * scale);
    let keyframes = samples.iter().filter(|sample| sample.is_sync).count() as u32;
    assert_eq!(keyframes, seconds.div_ceil(2));
    let place = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"), "the index stands in front");
}

#[test]
fn length_size_and_codec_are_exact() {
    for (across, down, seconds) in [(9, 16, 1), (16, 9, 2), (1, 1, 3)] {
        let mut scene = scene(seconds, vec![photo(300, 200)]);
        let size = FrameSize::preview(across, down);
        scene.size = FrameSize::exact(size.width() / 2, size.height() / 2);
        assert_film(&video(&scene).unwrap(), scene.size, seconds);
    }
}

#[test]
fn lengths_are_exact_to_the_frame() {
    for seconds in [1, 5, 8, 15, 30, 60, 120] {
        let mut scene = scene(seconds, vec![photo(30, 20), photo(20, 30)]);
        scene.size = FrameSize::exact(36, 64);
        assert_film(&video(&scene).unwrap(), scene.size, seconds);
    }
}

#[test]
fn the_same_scene_gives_the_same_bytes_and_another_seed_others() {
    let mut scene = scene(1, Vec::new());
    let first = video(&scene).unwrap();
    assert_eq!(first, video(&scene).unwrap());
    assert_eq!(still(&scene).unwrap(), still(&scene).unwrap());
    scene.seed = 1;
    assert_ne!(first, video(&scene).unwrap());

    // With everything that is unpacked, shaped or looked up on the way.
    scene.images = vec![photo(300, 200), photo(20, 30)];
    scene.captions = ["咖啡杯", "كوب قهوة 24", "☕🎉", "हर सुबह"].map(str::to_owned).to_vec();
    assert_eq!(video(&scene).unwrap(), video(&scene).unwrap());
    assert_eq!(still(&scene).unwrap(), still(&scene).unwrap());
}

#[test]
fn a_font_of_ones_own_is_used() {
    let mut scene = scene(1, Vec::new());
    let embedded = still(&scene).unwrap();
    let own = bytes::Bytes::from_static(epaint_default_fonts::UBUNTU_LIGHT);
    scene.font = Some(FontFile::new(own));
    assert_ne!(still(&scene).unwrap(), embedded);
}

#[test]
fn a_long_film_ends_in_its_words() {
    let mut scene = scene(8, vec![photo(300, 200)]);
    // A point in the photo, which the ground is darker than.
    let photo_at = |scene: &Scene, index: u32| {
        let drawn = Drawn::new(scene);
        Frames::new(scene, &drawn).frame(index).luma[60 * 180 + 90]
    };
    let (shown, over) = (photo_at(&scene, 100), photo_at(&scene, 8 * FPS - 1));
    assert!(over < shown / 4 * 3, "{shown} {over}");
    scene.seconds = 7;
    assert!(photo_at(&scene, 7 * FPS - 1) > shown / 4 * 3);
}

#[test]
fn several_pictures_of_any_shape_become_one_film() {
    let clear = RgbaImage::from_fn(60, 90, |x, _| Rgba([200, 40, 40, (x * 4) as u8]));
    let images =
        vec![photo(400, 20), photo(20, 400), decode(&DynamicImage::ImageRgba8(clear)), photo(1, 1)];
    let scene = scene(6, images);
    assert_film(&video(&scene).unwrap(), scene.size, 6);
}

#[test]
fn odd_texts_do_not_stop_a_video() {
    let texts = ["", "\n\n", "咖啡", "☕👩‍🚀", "كوب قهوة"].map(str::to_owned).to_vec();
    for text in texts.iter().cloned().chain(["x".repeat(400)]) {
        let mut scene = scene(1, Vec::new());
        scene.title = text.clone();
        scene.captions = vec![text.clone(); 30];
        scene.price = Some(text);
        assert_film(&video(&scene).unwrap(), scene.size, 1);
    }
}

#[test]
fn a_still_is_a_jpeg_of_the_frame_size() {
    let scene = scene(1, vec![photo(300, 200)]);
    let jpeg = still(&scene).unwrap();
    let picture = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (180, 320));
}

#[test]
fn a_video_without_length_is_refused() {
    for seconds in [0, LONGEST_SECONDS + 1, u32::MAX] {
        let error = video(&scene(seconds, Vec::new())).unwrap_err();
        assert_eq!(error, RenderError::Duration { seconds });
        assert_eq!(still(&scene(seconds, Vec::new())).unwrap_err(), error);
    }
}

#[test]
fn ratios_have_their_sizes() {
    let sizes = |across, down| {
        let (small, full) = (FrameSize::preview(across, down), FrameSize::full(across, down));
        (small.width(), small.height(), full.width(), full.height())
    };
    assert_eq!(sizes(9, 16), (360, 640, 1080, 1920));
    assert_eq!(sizes(16, 9), (640, 360, 1920, 1080));
    assert_eq!(sizes(1, 1), (480, 480, 1080, 1080));
    assert_eq!(sizes(3, 4), (360, 480, 1080, 1440));
    assert_eq!(sizes(4, 3), (480, 360, 1440, 1080));
    assert_eq!(sizes(0, 0), (480, 480, 1080, 1080));
    assert_eq!(sizes(1, u32::MAX), (360, 640, 1080, 1920));
    assert_eq!(sizes(4, 5), (384, 480, 1080, 1350));
}

/// What the documentation shows: a frame from the middle of a film at the default size.
fn documented_frame(across: u32, down: u32) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let photo = std::fs::read(root.join("../examples/products/coffee.png")).unwrap();
    let mut scene = Scene::new(FrameSize::preview(across, down), 15, "Morning Roast No. 4");
    scene.images = vec![Picture::decode(&photo).unwrap()];
    scene.captions =
        ["Roasted on Tuesday, at your door on Thursday", "Try a bag"].map(str::to_owned).to_vec();
    scene.price = Some("€ 14.50".to_owned());
    let drawn = Drawn::new(&scene);
    jpeg(&Frames::new(&scene, &drawn).frame(4 * FPS).to_rgb(), 70).unwrap()
}

/// Floating point may round differently elsewhere, so the bytes are compared on one platform only.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_documented_frames_are_what_the_renderer_draws() {
    for (across, down) in [(9, 16), (16, 9), (1, 1)] {
        let name = format!("../docs/frames/{across}x{down}.jpg");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        let drawn = documented_frame(across, down);
        if std::env::var_os("INSTA_UPDATE").is_some_and(|word| word == "always") {
            std::fs::write(&path, &drawn).unwrap();
        }
        let kept = std::fs::read(path).unwrap();
        assert!(kept == drawn, "{name}: INSTA_UPDATE=always renews it after a change");
    }
}

/// The clip that builds without this module hand out.
fn fallback_clip() -> Vec<u8> {
    let mut scene = Scene::new(FrameSize::exact(90, 160), 2, "adreel");
    scene.seed = 5;
    video(&scene).unwrap()
}

/// Encoders may round differently elsewhere, so the bytes are compared on one platform only.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_embedded_clip_is_what_the_renderer_draws() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/clip.mp4");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|word| word == "always") {
        std::fs::write(&path, fallback_clip()).unwrap();
    }
    let clip = std::fs::read(path).unwrap();
    assert!(
        clip == fallback_clip(),
        "INSTA_UPDATE=always renews it after a change of the renderer"
    );
    assert_film(&clip, FrameSize::exact(90, 160), 2);
}
