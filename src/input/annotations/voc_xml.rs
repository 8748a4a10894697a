//! One annotation file of Pascal VOC: an image and its objects.
//!
//! Follows `VOCDetection.parse_voc_xml` of torchvision, which takes what stands directly inside an
//! `object`: the boxes of a person's `part`s are none of it. Boxes are those of the devkit, whose pixels count
//! from 1 and whose last column and row belong to the box.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::words::{check_name, trimmed};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) file_name: String,
    /// Width and height of the image, pixels.
    pub(super) size: Option<[f64; 2]>,
    pub(super) objects: Vec<Thing>,
}

/// An object.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) name: String,
    pub(super) difficult: bool,
    /// Left, top, width and height, pixels from 0.
    pub(super) bbox: [f64; 4],
}

/// An object that is being read.
#[derive(Default)]
struct Open {
    name: String,
    difficult: bool,
    /// xmin, ymin, xmax, ymax.
    sides: [Option<f64>; 4],
    has_box: bool,
}

const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// Reads the text of a file.
///
/// # Errors
/// A sentence with the line, if it is no such file, or an object lacks its name or box.
pub(super) fn read(text: &str) -> Result<Page, String> {
    let mut xml = Reader::from_str(text);
    let (mut page, mut object) = (Page::default(), None);
    let mut size = [None; 2];
    // Names of the elements that are open, and what stands in the last one.
    let (mut path, mut content) = (Vec::<String>::new(), String::new());
    let mut seen = false;
    loop {
        let event = xml.read_event();
        let at = usize::try_from(xml.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        let line = || 1 + text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        let wrong = |problem: String| format!("line {}: {problem}", line());
        match event.map_err(|error| wrong(format!("is not XML: {error}")))? {
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.name().as_ref()).into_owned());
                content.clear();
                match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    [root] => {
                        check_root(root).map_err(wrong)?;
                        seen = true;
                    }
                    [_, "object"] => object = Some(Open::default()),
                    _ => {}
                }
            }
            Event::Text(part) => {
                content += &part.decode().map_err(|error| wrong(error.to_string()))?
            }
            Event::CData(part) => {
                content += &part.decode().map_err(|error| wrong(error.to_string()))?;
            }
            Event::GeneralRef(entity) => {
                let name = entity.decode().map_err(|error| wrong(error.to_string()))?;
                match (entity.resolve_char_ref(), resolve_xml_entity(&name)) {
                    (Ok(Some(character)), _) => content.push(character),
                    (_, Some(text)) => content += text,
                    _ => return Err(wrong(format!("uses &{name};, which XML does not define"))),
                }
            }
            Event::End(_) => {
                let text = trimmed(&content);
                match (
                    path.iter().map(String::as_str).collect::<Vec<_>>()[..].as_ref(),
                    &mut object,
                ) {
                    ([_, "filename"], _) => page.file_name = text.to_owned(),
                    ([_, "size", "width"], _) => size[0] = text.parse().ok(),
                    ([_, "size", "height"], _) => size[1] = text.parse().ok(),
                    ([_, "object"], Some(done)) => {
                        page.objects.push(std::mem::take(done).checked().map_err(wrong)?);
                        object = None;
                    }
                    ([_, "object", field], Some(open)) => {
                        open.set(field, text).map_err(wrong)?;
                    }
                    ([_, "object", "bndbox", side], Some(open)) => {
                        open.set_side(side, text).map_err(wrong)?;
                    }
                    _ => {}
                }
                path.pop();
                content.clear();
            }
            Event::Empty(empty) if path.is_empty() => {
                check_root(&String::from_utf8_lossy(empty.name().as_ref())).map_err(wrong)?;
                seen = true;
            }
            Event::Eof if !path.is_empty() => {
                return Err(wrong(format!("ends within <{}>: it is cut off", path.join("><"))));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !seen {
        return Err("holds no XML element: is it an annotation file of Pascal VOC?".into());
    }
    if let [Some(width), Some(height)] = size
        && width > 0.0
        && height > 0.0
    {
        page.size = Some([width, height]);
    }
    Ok(page)
}

fn check_root(root: &str) -> Result<(), String> {
    match root {
        "annotation" => Ok(()),
        "annotations" => {
            Err("holds <annotations>, CVAT's own xml: export it as COCO or Pascal VOC".into())
        }
        _ => Err(format!("holds <{root}>, not the <annotation> of Pascal VOC")),
    }
}

impl Open {
    fn set(&mut self, field: &str, text: &str) -> Result<(), String> {
        match field {
            "name" => text.clone_into(&mut self.name),
            "difficult" => {
                self.difficult = match text.to_ascii_lowercase().as_str() {
                    "" | "0" | "false" | "unspecified" => false,
                    "1" | "true" => true,
                    _ => return Err(format!("its <difficult> is {text:?}, neither 0 nor 1")),
                }
            }
            "bndbox" => self.has_box = true,
            _ => {}
        }
        Ok(())
    }

    fn set_side(&mut self, side: &str, text: &str) -> Result<(), String> {
        if let Some(at) = SIDES.iter().position(|one| *one == side) {
            let number = text.parse().ok().filter(|number: &f64| number.abs() < 1e9);
            let number = number.ok_or_else(|| format!("its <{side}> is {text:?}, not a number"))?;
            self.sides[at] = Some(number);
        }
        Ok(())
    }

    fn checked(self) -> Result<Thing, String> {
        if self.name.is_empty() {
            return Err("the <object> that ends here has no <name>".into());
        }
        check_name(&self.name)?;
        let [Some(left), Some(top), Some(right), Some(bottom)] = self.sides else {
            let what =
                if self.has_box { "a <bndbox> without its four sides" } else { "no <bndbox>" };
            return Err(format!("the <object> {:?} that ends here has {what}", self.name));
        };
        let bbox = [left - 1.0, top - 1.0, right - left + 1.0, bottom - top + 1.0];
        Ok(Thing { name: self.name, difficult: self.difficult, bbox })
    }
}
