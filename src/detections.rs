//! Errors in the detections of each class: AP, TIDE's error types, confusions.
//!
//! Error types are those of Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object
//! Detection Errors" (ECCV 2020), §2.

/// The type of an error of a detection, or of an object that no detection found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorType {
    /// A box of another class: IoU with an object of another class at least 0.5.
    Classification,
    /// A box of the right class at a wrong position: IoU from 0.1 to 0.5.
    Localization,
    /// Both: IoU with an object of another class from 0.1 to 0.5.
    Both,
    /// A second box on an object that has one.
    Duplicate,
    /// A box on no object: IoU with all of them at most 0.1.
    Background,
    /// An object without a detection, not even one with another error.
    Missed,
}

impl ErrorType {
    /// All, in the order of the tables.
    pub const ALL: [ErrorType; 6] = [
        ErrorType::Classification,
        ErrorType::Localization,
        ErrorType::Both,
        ErrorType::Duplicate,
        ErrorType::Background,
        ErrorType::Missed,
    ];

    /// Its word in tables, such as `localization`.
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::Classification => "classification",
            ErrorType::Localization => "localization",
            ErrorType::Both => "both",
            ErrorType::Duplicate => "duplicate",
            ErrorType::Background => "background",
            ErrorType::Missed => "missed",
        }
    }
}

/// The number of errors of one type, and the AP that they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorCost {
    /// Detections of this class with the error; of `missed`, objects.
    pub count: u64,
    /// AP at IoU 0.5 (0–1) that the class would gain without them.
    pub ap: f64,
}

/// The detections of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassDetections {
    /// Objects in the ground truth that count.
    pub objects: u64,
    /// Objects that a detection of their class found at IoU 0.5.
    pub found: u64,
    /// AP over IoU 0.5:0.95, at 0.5 and at 0.75, 0–1; none without objects.
    pub ap: [Option<f64>; 3],
    /// Median area of its objects, pixels².
    pub median_area: Option<f64>,
    /// 95% interval of the first, by bootstrap over images; none where fewer than 5 have an object.
    pub interval: Option<(f64, f64)>,
    /// In the order of [`ErrorType::ALL`].
    pub errors: [ErrorCost; 6],
    /// Classes that its objects are detected as (indices among the classes), and how often; most often first.
    pub taken_for: Vec<(usize, u64)>,
}
