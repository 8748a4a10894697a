//! What an embedding is made of.

use bytemuck::Pod;

/// A stored embedding value: `f32` (also for f16 input) or `f64`. Products are always f64.
pub trait Value: Copy + Into<f64> + Pod + Send + Sync {}
impl Value for f32 {}
impl Value for f64 {}
