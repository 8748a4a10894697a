//! Values by class from Python objects: AP, counts, covariates, groups and names. They are recognized by
//! their attributes; no package is imported for it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use igam_analyze::ap::ApScale;
use igam_analyze::classes::{self, Classes, Keys};
use igam_analyze::detector::{ApColumn, ApFormat, ClassGroups, Counts, Covariates};
use igam_analyze::input::annotations::Choices;
use igam_analyze::input::ap::{self, ApIou, Field, Fields, Held, List};
use igam_analyze::input::class_groups;
use igam_analyze::input::counts;
use igam_analyze::input::covariates;
use igam_analyze::input::in_memory::{self, Key};
use igam_analyze::input::stored_array::Array;
use igam_analyze::warning::Warnings;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PySequence, PySlice, PyString, PyTuple};
use pyo3::{IntoPyObjectExt, intern};

use crate::choices::one_of_if;
use crate::work::{exception, released};

/// Its name in messages.
const CLASS_NAMES: &str = "class_names";
const AP: &str = "ap";
const INSTANCES: &str = "instances";
const COVARIATES: &str = "covariates";
const CLASS_GROUPS: &str = "class_groups";

/// Deepest mappings in mappings; evaluators' results have two levels.
const DEEPEST: usize = 32;

/// Most axes of an array that is examined: FiftyOne's precisions have three.
const MOST_AXES: usize = 3;

/// Columns of AP: of a file as the command line reads it, of classes with their AP, or of what an evaluator
/// returns or is.
pub fn average_precision(
    object: &Bound<'_, PyAny>,
    wanted: &[String],
    format: Option<ApFormat>,
    iou: Option<ApIou>,
    scale: Option<ApScale>,
) -> PyResult<Vec<ApColumn>> {
    let py = object.py();
    if let Some(path) = path(object)? {
        return released(py, || ap::read(&path, wanted, format, iou, scale));
    }
    let held = held(object)?;
    released(py, || ap::take(Path::new(AP), held, wanted, format, iou, scale))
}

/// Instances: of a file, of annotation files that are parts of one data set, or of classes with their counts.
pub fn counts(object: &Bound<'_, PyAny>) -> PyResult<Counts> {
    if let Some(paths) = one_or_more(object)? {
        return released(object.py(), || {
            counts::read(&paths, None, &Choices::default(), &Warnings::default())
        });
    }
    let (keys, values) = Rows::of(INSTANCES, object)?.numbers(INSTANCES, "the number")?;
    in_memory::counts(Path::new(INSTANCES), keys, values).map_err(exception)
}

/// Covariates: of a file, of a pandas DataFrame by its index, or of names with what the classes have.
pub fn covariates(object: &Bound<'_, PyAny>) -> PyResult<Covariates> {
    if let Some(path) = path(object)? {
        return released(object.py(), || covariates::read(&path));
    }
    let mut columns: Vec<(String, Rows)> = Vec::new();
    if is_pandas(object)? && axes(object)? == Some(2) {
        for (at, name) in object.getattr("columns")?.try_iter()?.enumerate() {
            let column = object.getattr("iloc")?.get_item((PySlice::full(object.py()), at))?;
            columns
                .push((text(COVARIATES, name?.str()?.as_any())?, Rows::of(COVARIATES, &column)?));
        }
    } else if let Ok(mapping) = object.cast::<PyMapping>() {
        for (name, column) in items(mapping)? {
            columns.push((text(COVARIATES, name.str()?.as_any())?, Rows::of(COVARIATES, &column)?));
        }
    } else {
        return Err(refused(
            COVARIATES,
            format!(
                "is {}: give a file, a pandas DataFrame indexed by class, or a mapping of each \
                 covariate to a mapping of class to number",
                type_of(object)?
            ),
        ));
    }
    let (keys, columns) = side_by_side(COVARIATES, columns)?;
    in_memory::covariates(Path::new(COVARIATES), keys, columns).map_err(exception)
}

/// Groups of similar classes: of a file, or of classes with the names of their groups.
pub fn class_groups(object: &Bound<'_, PyAny>) -> PyResult<ClassGroups> {
    if let Some(path) = path(object)? {
        return released(object.py(), || class_groups::read(&path));
    }
    let rows = Rows::of(CLASS_GROUPS, object)?;
    let group = |item: &Bound<'_, PyAny>| match field(item)? {
        Field::Number(None) => Ok(None),
        Field::Number(Some(number)) if number.trunc() == number => Ok(Some(number.to_string())),
        _ if item.is_instance_of::<PyString>() => text(CLASS_GROUPS, item).map(Some),
        _ => Err(refused(CLASS_GROUPS, format!("{} is not the name of a group", item.repr()?))),
    };
    let names = rows.items.iter().map(group).collect::<PyResult<_>>()?;
    in_memory::class_groups(Path::new(CLASS_GROUPS), rows.keys(CLASS_GROUPS)?, names)
        .map_err(exception)
}

/// The classes, with what the user should know of how they were read: of a file, of names in order of id
/// from 0, or of ids with names.
pub fn classes(object: &Bound<'_, PyAny>) -> PyResult<(Classes, Vec<String>)> {
    if let Some(path) = path(object)? {
        return released(object.py(), || {
            igam_analyze::input::classes::read(&path, &Warnings::default())
        });
    }
    let rows = Rows::of(CLASS_NAMES, object)?;
    let ids: Vec<i64> = match rows.classes {
        None => (0..rows.items.len() as i64).collect(),
        Some(keys) => {
            let id = |key| match key {
                Key::Number(id) => Ok(id),
                Key::Name(name) => classes::number(&name).ok_or_else(|| {
                    refused(
                        CLASS_NAMES,
                        format!("{name:?} is not an id: give a dict of id to name"),
                    )
                }),
            };
            keys.into_iter().map(id).collect::<PyResult<_>>()?
        }
    };
    let name = |item: &Bound<'_, PyAny>| match item.is_instance_of::<PyString>() {
        true => text(CLASS_NAMES, item),
        false => Err(refused(CLASS_NAMES, format!("{} is not the name of a class", item.repr()?))),
    };
    let names = rows.items.iter().map(name).collect::<PyResult<Vec<_>>>()?;
    let list = ids.into_iter().zip(names).collect();
    in_memory::classes(Path::new(CLASS_NAMES), list).map_err(exception)
}

/// The path that a text or an `os.PathLike` is.
pub fn path(object: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    let is_path = object.is_instance_of::<PyString>()
        || object.hasattr(intern!(object.py(), "__fspath__"))?;
    is_path.then(|| object.extract()).transpose()
}

/// A file, or the files of a list; none of any other object.
pub fn one_or_more(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<PathBuf>>> {
    if let Some(path) = path(object)? {
        return Ok(Some(vec![path]));
    }
    if !(object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>())
        || object.len()? == 0
    {
        return Ok(None);
    }
    object.try_iter()?.map(|item| path(&item?)).collect()
}

/// What there is of AP in an object that is no file.
fn held(object: &Bound<'_, PyAny>) -> PyResult<Held> {
    if let Ok(mapping) = object.cast::<PyMapping>() {
        return match (get(mapping, "precision")?, get(mapping, "params")?) {
            // What an evaluation keeps in its `eval`.
            (Some(precision), Some(params)) => precisions(&precision, &params, None),
            _ => in_mapping(mapping),
        };
    }
    if let Some(eval) = object.getattr_opt(intern!(object.py(), "eval"))?
        && let Ok(eval) = eval.cast::<PyMapping>()
        && let Some(params) = object.getattr_opt(intern!(object.py(), "params"))?
    {
        let Some(precision) = get(eval, "precision")? else {
            return Err(refused(
                AP,
                "is an evaluation without precisions: call evaluate() and accumulate() first"
                    .into(),
            ));
        };
        // Those of the accumulation: the object's own may have been changed since.
        let params = get(eval, "params")?.unwrap_or(params);
        let truth = ["cocoGt", "lvis_gt"].iter().find_map(|name| object.getattr(*name).ok());
        return precisions(&precision, &params, truth.as_ref());
    }
    if let Some(held) = result(object)? {
        return Ok(held);
    }
    if object.hasattr("compute")? && object.hasattr("update")? {
        return Err(refused(AP, "is a metric: give the result of its compute()".into()));
    }
    if axes(object)?.is_some_and(|axes| axes > 1) && !is_pandas(object)? {
        return array(object, None);
    }
    values(Rows::of(AP, object)?)
}

/// What a project's result object holds: Ultralytics' metrics, or supervision's result; or a list of records.
fn result(object: &Bound<'_, PyAny>) -> PyResult<Option<Held>> {
    let nested = |fields| Ok(Some(Held::Mapping { fields, nested: true }));
    if object.hasattr("ap_class_index")? && object.hasattr("summary")? {
        return nested(vec![(String::new(), field(&object.call_method0("summary")?)?)]);
    }
    if object.hasattr("ap_per_class")? && object.hasattr("matched_classes")? {
        let arrays = ["ap_per_class", "matched_classes"].iter();
        let held = |name: &&str| Ok(((*name).to_owned(), field(&object.getattr(*name)?)?));
        return nested(arrays.map(held).collect::<PyResult<_>>()?);
    }
    if object.cast::<PySequence>().is_ok()
        && let Some(items) = listed(object)?
        && !items.is_empty()
        && items.iter().all(|item| item.cast::<PyMapping>().is_ok())
    {
        return nested(vec![(String::new(), field(object)?)]);
    }
    Ok(None)
}

/// Classes with their AP. Names go with what they stand for, since they could be an evaluator's keys.
fn values(rows: Rows) -> PyResult<Held> {
    if let Some(keys) = &rows.classes {
        let name = |key: &Key| match key {
            Key::Name(name) => Some(name.clone()),
            Key::Number(_) => None,
        };
        if let Some(names) = keys.iter().map(name).collect::<Option<Vec<_>>>() {
            let fields = rows.items.iter().map(field).collect::<PyResult<Vec<_>>>()?;
            return Ok(Held::Mapping {
                fields: names.into_iter().zip(fields).collect(),
                nested: false,
            });
        }
    }
    let (keys, values) = rows.numbers(AP, "the AP")?;
    Ok(Held::Values { keys, values })
}

fn in_mapping(mapping: &Bound<'_, PyMapping>) -> PyResult<Held> {
    let items = items(mapping)?;
    if !items.iter().any(|(_, value)| value.cast::<PyMapping>().is_ok()) {
        return values(Rows::of(AP, mapping)?);
    }
    let mut fields = Vec::new();
    flatten(mapping, "", 0, &mut fields)?;
    Ok(Held::Mapping { fields, nested: true })
}

/// Nested keys joined by `/`, as they are in files.
fn flatten(
    mapping: &Bound<'_, PyMapping>,
    before: &str,
    depth: usize,
    fields: &mut Fields,
) -> PyResult<()> {
    if depth > DEEPEST {
        return Err(refused(AP, "holds mappings in mappings without end".into()));
    }
    for (key, value) in items(mapping)? {
        let key = text(AP, key.str()?.as_any())?;
        let key = if before.is_empty() { key } else { format!("{before}/{key}") };
        match value.cast::<PyMapping>() {
            Ok(inner) => flatten(inner, &key, depth + 1, fields)?,
            Err(_) => fields.push((key, field(&value)?)),
        }
    }
    Ok(())
}

/// The precisions of an evaluation of pycocotools, LVIS, or what is made like these, with its categories.
fn precisions(
    precision: &Bound<'_, PyAny>,
    params: &Bound<'_, PyAny>,
    truth: Option<&Bound<'_, PyAny>>,
) -> PyResult<Held> {
    let param = |names: [&str; 2]| names.iter().find_map(|name| params.getattr(*name).ok());
    let all_as_one = match param(["useCats", "use_cats"]) {
        Some(by_category) => !by_category.is_truthy()?,
        None => false,
    };
    if all_as_one {
        return Err(refused(
            AP,
            "was evaluated with all categories as one, so there is no AP per class: set \
             params.useCats = 1"
                .into(),
        ));
    }
    if let Some(areas) = param(["areaRngLbl", "area_rng_lbl"]) {
        let first = areas.get_item(0)?;
        if !first.eq("all")? {
            let problem = format!(
                "was evaluated with the areas {}, of which the first must be 'all'",
                areas.repr()?
            );
            return Err(refused(AP, problem));
        }
    }
    let Some(ids) = param(["catIds", "cat_ids"]) else {
        return array(precision, None);
    };
    let ids: Vec<i64> = ids.try_iter()?.map(|id| id?.extract()).collect::<PyResult<_>>()?;
    let names = truth.map(|truth| names(truth, &ids)).transpose()?.flatten();
    let categories = in_memory::categories(Path::new(AP), ids, names).map_err(exception)?;
    array(precision, Some(categories))
}

/// The names of categories in the ground truth, if all have one that says more than the id.
fn names(truth: &Bound<'_, PyAny>, ids: &[i64]) -> PyResult<Option<Vec<String>>> {
    let Some(all) = truth.getattr_opt("cats")? else { return Ok(None) };
    let name = |id: &i64| all.get_item(id).ok()?.get_item("name").ok()?.extract::<String>().ok();
    let names: Option<Vec<String>> = ids.iter().map(name).collect();
    let ids_again =
        |names: &Vec<String>| ids.iter().zip(names).all(|(id, name)| id.to_string() == *name);
    Ok(names.filter(|names| !ids_again(names)))
}

/// pycocotools' array, with the categories along its axis K.
fn array(object: &Bound<'_, PyAny>, categories: Option<Keys>) -> PyResult<Held> {
    let numpy = object.py().import(intern!(object.py(), "numpy"))?;
    let array = numpy.call_method1("asarray", (object,))?;
    let shape: Vec<usize> = array.getattr("shape")?.extract()?;
    let descr: String = array.getattr("dtype")?.getattr("str")?.extract()?;
    let data = array.call_method0("tobytes")?.extract()?;
    let array = Array { shape, fortran: false, descr, start: 0 };
    Ok(Held::Precision { array, data, categories })
}

/// Items, with the class of each unless they are in class order.
struct Rows<'py> {
    classes: Option<Vec<Key>>,
    items: Vec<Bound<'py, PyAny>>,
}

impl<'py> Rows<'py> {
    /// Of a mapping, of a pandas Series by its index, or of anything that has one axis.
    fn of(origin: &str, object: &Bound<'py, PyAny>) -> PyResult<Rows<'py>> {
        if let Ok(mapping) = object.cast::<PyMapping>() {
            let (classes, items): (Vec<_>, Vec<_>) = items(mapping)?.into_iter().unzip();
            let classes =
                classes.iter().map(|class| key(origin, class)).collect::<PyResult<_>>()?;
            return Ok(Rows { classes: Some(classes), items });
        }
        let pandas = is_pandas(object)?;
        match axes(object)? {
            Some(2) if pandas => {
                return Err(refused(
                    origin,
                    "is a table: give one of its columns, indexed by class".into(),
                ));
            }
            Some(1) | None => {}
            Some(_) => {
                let shape = object.getattr("shape")?.repr()?;
                let problem = format!("holds an array of shape {shape}: classes have one axis");
                return Err(refused(origin, problem));
            }
        }
        let Some(items) = listed(object)? else {
            let problem = format!(
                "is {}: give a file, a mapping of class to value, or a list or an array in class order",
                type_of(object)?
            );
            return Err(refused(origin, problem));
        };
        let index = if pandas { listed(&object.getattr("index")?)? } else { None };
        let classes = index.map(|index| index.iter().map(|class| key(origin, class)).collect());
        Ok(Rows { classes: classes.transpose()?, items })
    }

    fn keys(&self, origin: &str) -> PyResult<Keys> {
        match &self.classes {
            None if !self.items.is_empty() => Ok(Keys::InOrder(self.items.len())),
            keys => {
                let keys = keys.clone().unwrap_or_default();
                in_memory::keys(Path::new(origin), keys).map_err(exception)
            }
        }
    }

    /// The items as numbers, none where there is none; `what` they are stands in sentences.
    fn numbers(&self, origin: &str, what: &str) -> PyResult<(Keys, Vec<Option<f64>>)> {
        let keys = self.keys(origin)?;
        let fields = self.items.iter().map(field).collect::<PyResult<_>>()?;
        let numbers = in_memory::numbers(Path::new(origin), what, &keys, fields);
        Ok((keys, numbers.map_err(exception)?))
    }
}

/// The name of each column, and its rows.
type Columns = Vec<(String, Vec<Field>)>;

/// Columns beside each other, a row per class that any of them has.
fn side_by_side(origin: &str, columns: Vec<(String, Rows)>) -> PyResult<(Keys, Columns)> {
    let in_order = columns.iter().filter(|(_, rows)| rows.classes.is_none()).count();
    let lengths = || columns.iter().map(|(_, rows)| rows.items.len());
    if in_order > 0 && (in_order < columns.len() || lengths().min() != lengths().max()) {
        return Err(refused(
            origin,
            "holds lists or arrays without one value per class in one order: give mappings of \
             class to number"
                .into(),
        ));
    }
    let mut all: Vec<Key> = Vec::new();
    let mut row_of: HashMap<Key, usize> = HashMap::new();
    for key in columns.iter().flat_map(|(_, rows)| rows.classes.iter().flatten()) {
        row_of.entry(key.clone()).or_insert_with(|| {
            all.push(key.clone());
            all.len() - 1
        });
    }
    let classes = (in_order == 0).then_some(all);
    let rows = classes.as_ref().map_or(lengths().max().unwrap_or(0), Vec::len);
    let mut filled = Vec::new();
    for (name, column) in &columns {
        let mut fields = vec![Field::Number(None); rows];
        // A Series may have a class twice.
        column.keys(origin)?;
        for (at, item) in column.items.iter().enumerate() {
            let row = column.classes.as_ref().map_or(at, |keys| row_of[&keys[at]]);
            fields[row] = field(item)?;
        }
        filled.push((name.clone(), fields));
    }
    let keys = match classes {
        None => Keys::InOrder(rows),
        Some(keys) => in_memory::keys(Path::new(origin), keys).map_err(exception)?,
    };
    Ok((keys, filled))
}

/// What a class is called.
fn key(origin: &str, object: &Bound<'_, PyAny>) -> PyResult<Key> {
    if object.is_instance_of::<PyString>() {
        return text(origin, object).map(Key::Name);
    }
    let flag = object.extract::<bool>().is_ok();
    let whole = || object.extract::<f64>().ok().filter(|id| id.trunc() == *id && id.abs() < 1e15);
    match object.extract::<i64>().ok().or_else(|| whole().map(|id| id as i64)) {
        Some(id) if !flag => Ok(Key::Number(id)),
        _ => Err(refused(origin, format!("{} is neither a class name nor an id", object.repr()?))),
    }
}

/// What a value is.
fn field(object: &Bound<'_, PyAny>) -> PyResult<Field> {
    if object.is_none() || object.get_type().name()? == "NAType" {
        return Ok(Field::Number(None));
    } else if object.is_instance_of::<PyString>() {
        return Ok(Field::Text(text(AP, object)?));
    } else if object.extract::<bool>().is_ok() {
        return Ok(Field::Other("true or false"));
    } else if object.cast::<PyMapping>().is_ok() {
        return Ok(Field::Other("a mapping"));
    }
    if axes(object)?.is_none_or(|axes| axes == 0)
        && let Ok(number) = object.extract::<f64>()
    {
        return Ok(Field::Number(Some(number).filter(|number| !number.is_nan())));
    }
    if axes(object)?.is_some_and(|axes| axes > MOST_AXES) {
        return Ok(Field::Other("an array of many axes"));
    }
    let Some(items) = listed(object)? else {
        return Ok(Field::Other("something else"));
    };
    let mut list = List::default();
    for item in &items {
        list.push(match item.cast::<PyMapping>() {
            Ok(mapping) => {
                let mut fields = Vec::new();
                flatten(mapping, "", 0, &mut fields)?;
                Field::Records(vec![fields])
            }
            Err(_) => field(item)?,
        });
    }
    Ok(list.field())
}

/// The items of what is an array or a list.
fn listed<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    let py = object.py();
    let list = if object.hasattr(intern!(py, "tolist"))? {
        object.call_method0(intern!(py, "tolist"))?
    } else if object.hasattr(intern!(py, "__array__"))? {
        let array = py.import(intern!(py, "numpy"))?.call_method1("asarray", (object,))?;
        array.call_method0(intern!(py, "tolist"))?
    } else {
        object.clone()
    };
    let sequence = list.cast::<PySequence>().is_ok() && !list.is_instance_of::<PyBytes>();
    sequence.then(|| list.try_iter()?.collect()).transpose()
}

/// Number of axes, of what has some.
fn axes(object: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let axes = object.getattr_opt(intern!(object.py(), "ndim"))?;
    Ok(axes.and_then(|axes| axes.extract().ok()))
}

/// Whether it is a Series or a DataFrame of pandas, or made like one.
fn is_pandas(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.hasattr(intern!(object.py(), "iloc"))
}

fn items<'py>(
    mapping: &Bound<'py, PyMapping>,
) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    mapping.items()?.iter().map(|item| item.extract()).collect()
}

fn get<'py>(mapping: &Bound<'py, PyMapping>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    if mapping.contains(key)? { mapping.get_item(key).map(Some) } else { Ok(None) }
}

fn text(origin: &str, object: &Bound<'_, PyAny>) -> PyResult<String> {
    object.extract().or_else(|_| {
        let text = object.repr()?;
        let problem = format!("the name {text} holds half a character: write it in UTF-8");
        Err(refused(origin, problem))
    })
}

fn type_of(object: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(format!("of type {}", object.get_type().name()?))
}

fn refused(origin: &str, problem: String) -> PyErr {
    PyValueError::new_err(format!("{origin}: {problem}"))
}

/// What is understood of an object, for tests: columns as tuples of name, format, scale, keys and values.
#[pyfunction]
#[pyo3(signature = (what, object, wanted=Vec::new(), format=None, iou=None, scale=None))]
pub fn _by_class<'py>(
    what: &str,
    object: &Bound<'py, PyAny>,
    wanted: Vec<String>,
    format: Option<&str>,
    iou: Option<&str>,
    scale: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let said = |keys: &Keys| {
        (
            keys.names().map(<[String]>::to_vec),
            match keys {
                Keys::Names(_) | Keys::Strings(_) => None,
                keys => keys.numbers(),
            },
        )
    };
    match what {
        AP => {
            let format = one_of_if("ap_format", ApFormat::ALL, |one| one.name(), format)?;
            let iou = one_of_if("ap_iou", ApIou::ALL, |one| one.name(), iou)?;
            let scale = one_of_if("ap_scale", ApScale::ALL, |one| one.name(), scale)?;
            let columns = average_precision(object, &wanted, format, iou, scale)?;
            let columns: Vec<_> = columns
                .iter()
                .map(|one| {
                    let (format, scale) = (one.format.name(), one.scale.name());
                    (
                        &one.name,
                        format,
                        scale,
                        said(&one.keys),
                        &one.values,
                        [&one.notes[..], &one.doubts].concat(),
                    )
                })
                .collect();
            columns.into_bound_py_any(py)
        }
        INSTANCES => {
            let counts = counts(object)?;
            (said(&counts.keys), counts.values).into_bound_py_any(py)
        }
        COVARIATES => {
            let all = covariates(object)?;
            let columns: Vec<_> =
                all.columns.into_iter().map(|one| (one.name, one.values)).collect();
            (said(&all.keys), columns, all.notes).into_bound_py_any(py)
        }
        CLASS_GROUPS => {
            let groups = class_groups(object)?;
            (said(&groups.keys), groups.values).into_bound_py_any(py)
        }
        _ => {
            let (classes, notes) = classes(object)?;
            (classes.ids(), classes.names(), notes).into_bound_py_any(py)
        }
    }
}
