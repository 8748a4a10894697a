//! `igam-analyze correlate`: information amount and instance count against AP; Figures 1 and 2.

use serde_json::json;

use super::bias::{self, Bias};
use super::console::Console;
use super::evidence as tables;
use super::run::{self, Class, Run};
use super::warning::Warning;
use crate::cli::{Correlate, Format};
use crate::correlation::{Line, NoCorrelation, Pearson, least_squares};
use crate::error::{Error, Result};
use crate::evidence::{self, Association, Evidence};
use crate::figure;
use crate::input::runs::{self, RunFiles};
use crate::output::Output;

/// One run under one estimator, or its instance counts alone, over the classes that have all numbers.
pub struct Correlated {
    pub run: Run,
    /// Where there are embeddings.
    pub evidence: Option<Evidence>,
    /// Instance count against AP.
    pub instances: Option<Association>,
    /// AP on information amount.
    line: Option<Line>,
    /// Names of the classes used, and whether they have m ≥ p.
    pub used: Vec<(String, bool)>,
    /// Classes not used: their names, by reason.
    pub left_out: Vec<(String, Vec<String>)>,
}

/// Runs the command.
pub fn run(arguments: Correlate, console: &mut Console) -> Result<()> {
    let files = match &arguments.runs {
        Some(path) => runs::read(path)?,
        None => vec![RunFiles {
            ap: arguments.ap,
            ap_column: arguments.ap_column,
            ap_format: arguments.ap_format,
            ap_iou: arguments.ap_iou,
            ..RunFiles::from(arguments.input)
        }],
    };
    let estimators = arguments.estimator.estimators();
    // For each detector a run under each estimator; the first stands for all in most figures.
    let mut detectors: Vec<Vec<Correlated>> = Vec::new();
    for files in &files {
        if files.ap.is_none() {
            return Err(Error::Input(format!("the run {:?} has no AP: give it `ap`", files.name)));
        }
        for detector in run::load(files, estimators, console)? {
            detectors.push(detector.into_iter().map(|run| correlate(run, console)).collect());
        }
    }
    let first: Vec<&Correlated> =
        detectors.iter().filter_map(|detector| detector.first()).collect();
    let analysed: Vec<&Correlated> =
        first.iter().copied().filter(|one| one.run.estimator.is_some()).collect();
    let information: Vec<&Run> = analysed.iter().map(|one| &one.run).collect();
    let bias = first.iter().map(|one| Bias::of(&one.run, arguments.groups.as_ref()));
    let bias: Vec<_> = bias.collect::<Result<_>>()?;
    let correlations = tables::correlations_table(&detectors);
    let evidence = tables::evidence_table(&detectors);
    let mut outputs = vec![
        Output::text("correlations.csv", correlations.csv()),
        Output::text("evidence.csv", evidence.csv()),
        Output::text("figure1.svg", figure1(&first)?),
        Output::text("bias.csv", bias::table(&bias).csv()),
        Output::text("figure4.svg", bias::figure4(&bias)?),
    ];
    if !analysed.is_empty() {
        outputs.push(Output::text("information.csv", run::information_csv(&information).csv()));
        outputs.push(Output::text("figure2.svg", figure2(&first)?));
        outputs.push(Output::text("scatter.svg", scatter(&analysed)?));
        if estimators.len() > 1 {
            outputs.push(Output::text("sensitivity.svg", sensitivity(&detectors)?));
        }
    }
    console.write(&arguments.output.out, outputs)?;
    super::print(&match arguments.output.format {
        Format::Csv => correlations.csv(),
        Format::Json => super::json(json!({
            "correlations": correlations.json(),
            "evidence": evidence.json(),
            "left_out": tables::left_out_json(&detectors),
            "bias": bias::table(&bias).json(),
            "information": run::information_table(&information).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => tables::text(&detectors) + "\n" + &bias::text(&bias),
    })
}

/// Why a class takes no part in the correlations, if so.
fn reason(class: &Class, analysed: bool) -> Option<String> {
    if class.ap.is_none() {
        Some("no AP".into())
    } else if let Some(refusal) = class.refusal {
        Some(refusal.to_string())
    } else if analysed && class.information.is_none() {
        Some("no embeddings".into())
    } else if class.instances.is_none() {
        Some("no instance count".into())
    } else {
        None
    }
}

fn correlate(run: Run, console: &mut Console) -> Correlated {
    let mut left_out: Vec<(String, Vec<String>)> = Vec::new();
    let mut used = Vec::new();
    for class in &run.classes {
        match reason(class, run.estimator.is_some()) {
            None => used.push(class),
            Some(why) => match left_out.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(class.name.clone()),
                None => left_out.push((why, vec![class.name.clone()])),
            },
        }
    }
    let column = |number: fn(&Class) -> Option<f64>| -> Vec<f64> {
        used.iter().filter_map(|class| number(class)).collect()
    };
    let ap = column(|class| class.ap);
    let evidence = run.dim.map(|dim| Evidence::of(&evidence_classes(&used), dim));
    let instances = match &evidence {
        Some(evidence) => evidence.all.instances,
        None => Association::of(&column(|class| class.instances.map(|m| m as f64)), &ap),
    };
    let mut warn = |why: &NoCorrelation, what: &str| {
        let why = match why {
            NoCorrelation::TooFew => format!("only {} class(es) have both", ap.len()),
            NoCorrelation::ConstantX => format!("the {what} is the same for all classes"),
            NoCorrelation::ConstantY => "AP is the same for all classes".into(),
        };
        let between = format!("{what} and AP");
        console.warn(Warning::NoCorrelation { run: run.name.clone(), between, why });
    };
    if let Some(Err(why)) = evidence.as_ref().map(|evidence| &evidence.all.information) {
        warn(why, "information amount");
    }
    if let Err(why) = &instances {
        warn(why, "instance count");
    }
    let large = |class: &&Class| run.dim.is_some_and(|dim| class.instances >= Some(dim as u64));
    let line = least_squares(&column(|class| Some(class.information?.bits)), &ap);
    Correlated {
        evidence,
        instances: instances.ok(),
        line: run.dim.and(line),
        used: used.iter().map(|class| (class.name.clone(), large(class))).collect(),
        left_out,
        run,
    }
}

/// The classes as the evidence wants them; all have embeddings, instances and AP.
fn evidence_classes<'a>(classes: &[&'a Class]) -> Vec<evidence::Class<'a>> {
    let class = |class: &&'a Class| {
        let information = class.information?;
        Some(evidence::Class {
            name: &class.name,
            information: information.bits,
            floor_bits: information.floor.map(|floor| floor.bits),
            instances: class.instances?,
            ap: class.ap?,
        })
    };
    classes.iter().filter_map(class).collect()
}

impl Correlated {
    /// Information amount against AP.
    fn information(&self) -> Option<Pearson> {
        let evidence = self.evidence.as_ref()?;
        Some(evidence.all.information.as_ref().ok()?.pearson)
    }

    fn count(&self) -> Option<Pearson> {
        self.instances.as_ref().map(|association| association.pearson)
    }
}

fn figure1(runs: &[&Correlated]) -> Result<String> {
    let panel = |one: &&Correlated| figure::Figure1Panel {
        title: one.run.name.clone(),
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
        pearson: one.count(),
        classes: one
            .run
            .classes
            .iter()
            .filter_map(|class| {
                let instances = class.instances?;
                Some(figure::Figure1Class { name: class.name.clone(), instances, ap: class.ap })
            })
            .collect(),
    };
    Ok(figure::figure1(&runs.iter().map(panel).collect::<Vec<_>>())?)
}

fn figure2(runs: &[&Correlated]) -> Result<String> {
    let bars = |one: &&Correlated| {
        let (backbone, loss) = one.run.bars();
        figure::Figure2Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            information: one.information(),
            instances: one.count(),
        }
    };
    Ok(figure::figure2(&runs.iter().map(bars).collect::<Vec<_>>())?)
}

fn scatter(runs: &[&Correlated]) -> Result<String> {
    let point = |class: &Class| {
        Some(figure::ScatterPoint {
            name: class.name.clone(),
            information: class.information?.bits,
            ap: class.ap?,
            instances: class.instances?,
        })
    };
    let panel = |one: &&Correlated| figure::ScatterPanel {
        title: one.run.name.clone(),
        points: one.run.classes.iter().filter_map(point).collect(),
        pearson: one.information(),
        line: one.line,
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
    };
    Ok(figure::scatter(&runs.iter().map(panel).collect::<Vec<_>>())?)
}

fn sensitivity(detectors: &[Vec<Correlated>]) -> Result<String> {
    let row = |one: &Correlated| {
        let partial = one.evidence.as_ref()?.all.partial_information.ok();
        Some(figure::SensitivityRow {
            estimator: one.run.estimator?.name().to_owned(),
            raw: one.information().map(Into::into),
            partial: partial.map(Into::into),
        })
    };
    let panel = |detector: &Vec<Correlated>| {
        Some(figure::SensitivityPanel {
            title: detector.first()?.run.name.clone(),
            rows: detector.iter().filter_map(row).collect(),
        })
    };
    Ok(figure::sensitivity(&detectors.iter().filter_map(panel).collect::<Vec<_>>())?)
}
