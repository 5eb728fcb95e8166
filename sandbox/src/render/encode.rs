//! Planes in, H.264 in an MP4 out.

use openh264::OpenH264API;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, RateControlMode,
    UsageType, VuiConfig,
};

use muxide::api::{Muxer, MuxerBuilder, VideoCodec};

use super::yuv::Planes;
use super::{FPS, FrameSize, RenderError};

/// A film that is being written, in memory.
pub(super) struct Film {
    encoder: Encoder,
    muxer: Muxer<Vec<u8>>,
    frames: u32,
    packet: Vec<u8>,
}

impl Film {
    pub(super) fn new(size: FrameSize) -> Result<Self, RenderError> {
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), settings())
            .map_err(|error| RenderError::Encode(error.to_string()))?;
        let muxer = MuxerBuilder::new(Vec::new())
            .video(VideoCodec::H264, size.width(), size.height(), f64::from(FPS))
            .with_fast_start(true)
            .build()
            .map_err(|error| RenderError::Mux(error.to_string()))?;
        Ok(Self { encoder, muxer, frames: 0, packet: Vec::new() })
    }

    pub(super) fn push(&mut self, frame: &Planes) -> Result<(), RenderError> {
        let encoded =
            self.encoder.encode(frame).map_err(|error| RenderError::Encode(error.to_string()))?;
        let keyframe = matches!(encoded.frame_type(), FrameType::IDR | FrameType::I);
        self.packet.clear();
        encoded.write_vec(&mut self.packet);
        let seconds = f64::from(self.frames) / f64::from(FPS);
        self.muxer
            .write_video(seconds, &self.packet, keyframe)
            .map_err(|error| RenderError::Mux(error.to_string()))?;
        self.frames += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, RenderError> {
        self.muxer.finish_in_place().map_err(|error| RenderError::Mux(error.to_string()))?;
        Ok(self.muxer.into_writer())
    }
}

/// A fixed quantiser instead of a bit rate: the picture moves evenly, so sizes stay predictable,
/// and rate control would drop frames (which shortens the film) or warn on stderr that it may
/// not. One thread, because the number of slices and so the bytes must not follow the machine.
fn settings() -> EncoderConfig {
    EncoderConfig::new()
        .rate_control_mode(RateControlMode::Off)
        .skip_frames(false)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .max_frame_rate(FrameRate::from_hz(FPS as f32))
        .intra_frame_period(IntraFramePeriod::from_num_frames(2 * FPS))
        .scene_change_detect(false)
        .num_threads(1)
        .vui(VuiConfig::bt709())
}
