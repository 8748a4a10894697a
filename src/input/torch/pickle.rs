//! The pickle in a file of torch.save, read as data. Only what tensors, and dictionaries of them, are written
//! with is known: a name of anything else is an error, and nothing is ever called.
//!
//! Follows `Lib/pickle.py` of CPython, and of PyTorch `torch/serialization.py` (`_save`) and
//! `torch/_utils.py` (`_rebuild_tensor_v2`, `_rebuild_tensor_v3`, `_rebuild_parameter`).

/// Most objects held at once: a file of tensors has some thousands.
const MOST_OBJECTS: usize = 1 << 22;

/// A tensor, whose values lie in an entry of their own.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    /// The name of that entry.
    pub entry: &'a str,
    /// NumPy's description of the element type; of one that NumPy has not, its own name.
    pub descr: &'a str,
    /// The first element's index among those of the entry.
    pub offset: usize,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Elements from one to the next along each axis.
    pub strides: Vec<usize>,
}

/// A value of the pickle; lists hold none of their own, because none of them is ever asked for.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// A number of the tuples.
    Tuple(usize),
    /// A list.
    List,
    /// A number of the dictionaries.
    Dict(usize),
    /// A number of the tensors.
    Tensor(usize),
    /// What holds a tensor's values: its number.
    Storage(usize),
    /// A function or type of those that are known.
    Known(Known<'a>),
    /// None, a truth value, another number, bytes.
    Other,
}

/// The functions and types that are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known<'a> {
    /// `_rebuild_tensor_v2`, whose element type is the storage's.
    Tensor,
    /// `_rebuild_tensor_v3`, which names it.
    TypedTensor,
    /// `_rebuild_parameter`.
    Parameter,
    /// `OrderedDict`.
    Dict,
    /// A type of storage, or of elements.
    Elements(&'a str),
}

/// All objects of a pickle.
#[derive(Debug)]
pub struct Objects<'a> {
    /// What was saved.
    pub root: Value<'a>,
    /// The entries of each dictionary whose keys are texts.
    pub dicts: Vec<Vec<(&'a str, Value<'a>)>>,
    /// Tensors.
    pub tensors: Vec<Tensor<'a>>,
}

/// Reads a pickle.
///
/// # Errors
/// A sentence, if it is damaged, or holds more than tensors.
pub fn read(bytes: &[u8]) -> Result<Objects<'_>, String> {
    let mut machine = Machine { rest: bytes, ..Machine::default() };
    loop {
        if let Some(root) = machine.step()? {
            let Machine { dicts, tensors, .. } = machine;
            return Ok(Objects { root, dicts, tensors });
        }
        if machine.held() > MOST_OBJECTS {
            return Err("holds more objects than a file of tensors has: save tensors alone".into());
        }
    }
}

/// A storage: the name of its entry, and its element type.
type Storage<'a> = (&'a str, &'a str);

/// What runs through a pickle.
#[derive(Default)]
struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value<'a>>,
    marks: Vec<usize>,
    memo: Vec<Value<'a>>,
    tuples: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(&'a str, Value<'a>)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<Tensor<'a>>,
    /// Values in all tuples and dictionaries.
    inside: usize,
}

fn damaged<T>() -> Result<T, String> {
    Err("has a damaged pickle: save it again".into())
}

fn unknown<T>(module: &str, name: &str) -> Result<T, String> {
    let way_out = match module.split('.').next() {
        Some("numpy") => "save torch.from_numpy(x) in place of x",
        _ => "save plain tensors, x.detach().cpu(), or a dict of them",
    };
    Err(format!("holds {module}.{name}, which is never run: {way_out}"))
}

impl<'a> Machine<'a> {
    /// All objects that are held.
    fn held(&self) -> usize {
        let objects = self.tuples.len() + self.dicts.len() + self.storages.len();
        let (stack, tensors) = (self.stack.len() + self.marks.len(), self.tensors.len());
        stack + self.memo.len() + objects + tensors + self.inside
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else { return damaged() };
        self.rest = rest;
        Ok(taken)
    }

    /// An unsigned number of so many bytes.
    fn number(&mut self, bytes: usize) -> Result<usize, String> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        usize::try_from(u64::from_le_bytes(wide)).or_else(|_| damaged())
    }

    /// A line of text.
    fn line(&mut self) -> Result<&'a str, String> {
        let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') else { return damaged() };
        let line = self.take(end)?;
        self.take(1)?;
        std::str::from_utf8(line).or_else(|_| damaged())
    }

    /// A text whose length stands before it in so many bytes.
    fn text(&mut self, bytes: usize) -> Result<(), String> {
        let length = self.number(bytes)?;
        let text = std::str::from_utf8(self.take(length)?);
        self.stack.push(text.map_or(Value::Other, Value::Text));
        Ok(())
    }

    fn skip(&mut self, length: usize) -> Result<(), String> {
        self.take(length)?;
        self.stack.push(Value::Other);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value<'a>, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return damaged();
        }
        self.stack.pop().map_or_else(damaged, Ok)
    }

    /// What lies above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>, String> {
        let Some(mark) = self.marks.pop().filter(|&mark| mark <= self.stack.len()) else {
            return damaged();
        };
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Value<'a>, String> {
        self.stack.last().copied().map_or_else(damaged, Ok)
    }

    fn push_tuple(&mut self, values: Vec<Value<'a>>) {
        self.inside += values.len();
        self.stack.push(Value::Tuple(self.tuples.len()));
        self.tuples.push(values);
    }

    fn push_last(&mut self, count: usize) -> Result<(), String> {
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.pop()?);
        }
        values.reverse();
        self.push_tuple(values);
        Ok(())
    }

    fn push_dict(&mut self) {
        self.stack.push(Value::Dict(self.dicts.len()));
        self.dicts.push(Vec::new());
    }

    fn remember(&mut self, at: usize) -> Result<(), String> {
        // Picklers count up from 0.
        if at > self.memo.len() + 256 || at > MOST_OBJECTS {
            return damaged();
        }
        let value = self.top()?;
        if at >= self.memo.len() {
            self.memo.resize(at + 1, Value::Other);
        }
        self.memo[at] = value;
        Ok(())
    }

    fn recall(&mut self, at: usize) -> Result<(), String> {
        let value = self.memo.get(at).copied().map_or_else(damaged, Ok)?;
        self.stack.push(value);
        Ok(())
    }

    /// Puts keys and values, one after the other, into the dictionary on top.
    fn set(&mut self, entries: &[Value<'a>]) -> Result<(), String> {
        let Value::Dict(dict) = self.top()? else { return damaged() };
        for pair in entries.chunks(2) {
            match *pair {
                [Value::Text(key), value] => {
                    self.inside += 1;
                    self.dicts[dict].push((key, value));
                }
                [_, _] => {}
                _ => return damaged(),
            }
        }
        Ok(())
    }

    fn is_list(&self) -> Result<(), String> {
        let Value::List = self.top()? else { return damaged() };
        Ok(())
    }

    /// The next instruction; gives what was saved at the last.
    fn step(&mut self) -> Result<Option<Value<'a>>, String> {
        let [instruction] = *self.take(1)? else { return damaged() };
        match instruction {
            b'.' => return self.pop().map(Some),
            // Which protocol, how long a frame is.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(self.top()?),
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Other),
            b'G' => self.skip(8)?,
            b'J' => {
                let number = self.number(4)? as u32 as i32;
                self.stack.push(Value::Number(number.into()));
            }
            b'K' | b'M' => {
                let number = self.number(if instruction == b'K' { 1 } else { 2 })?;
                self.stack.push(Value::Number(number as i64));
            }
            0x8a => self.long()?,
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'U' | b'C' => {
                let length = self.number(1)?;
                self.skip(length)?;
            }
            b'T' | b'B' => {
                let length = self.number(4)?;
                self.skip(length)?;
            }
            0x8e => {
                let length = self.number(8)?;
                self.skip(length)?;
            }
            b')' => self.push_tuple(Vec::new()),
            b't' => {
                let values = self.pop_mark()?;
                self.push_tuple(values);
            }
            0x85..=0x87 => self.push_last(usize::from(instruction - 0x84))?,
            b']' => self.stack.push(Value::List),
            b'a' => {
                self.pop()?;
                self.is_list()?;
            }
            b'e' => {
                self.pop_mark()?;
                self.is_list()?;
            }
            b'}' => self.push_dict(),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])?;
            }
            b'u' => {
                let entries = self.pop_mark()?;
                self.set(&entries)?;
            }
            b'q' => {
                let at = self.number(1)?;
                self.remember(at)?;
            }
            b'r' => {
                let at = self.number(4)?;
                self.remember(at)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let at = self.number(1)?;
                self.recall(at)?;
            }
            b'j' => {
                let at = self.number(4)?;
                self.recall(at)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Known(known(module, name)?));
            }
            0x93 => {
                let (Value::Text(name), Value::Text(module)) = (self.pop()?, self.pop()?) else {
                    return damaged();
                };
                self.stack.push(Value::Known(known(module, name)?));
            }
            b'Q' => self.storage()?,
            b'R' => self.reduce()?,
            // The attributes of an OrderedDict: a module's versions.
            b'b' => {
                self.pop()?;
                let Value::Dict(_) = self.top()? else { return damaged() };
            }
            other => {
                return Err(format!(
                    "has the instruction {other:#04x} in its pickle, which tensors do not have: \
                     save plain tensors"
                ));
            }
        }
        Ok(None)
    }

    /// A signed number of as many bytes as stands before it.
    fn long(&mut self) -> Result<(), String> {
        let length = self.number(1)?;
        let bytes = self.take(length)?;
        let sign = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
        let mut wide = [sign; 8];
        self.stack.push(match wide.get_mut(..length) {
            Some(low) => {
                low.copy_from_slice(bytes);
                Value::Number(i64::from_le_bytes(wide))
            }
            None => Value::Other,
        });
        Ok(())
    }

    /// What a persistent id stands for: `("storage", type, key, device, elements)`.
    fn storage(&mut self) -> Result<(), String> {
        let Value::Tuple(id) = self.pop()? else { return damaged() };
        let [Value::Text("storage"), Value::Known(Known::Elements(descr)), Value::Text(key), ..] =
            self.tuples[id][..]
        else {
            return damaged();
        };
        self.stack.push(Value::Storage(self.storages.len()));
        self.storages.push((key, descr));
        Ok(())
    }

    /// What a known function makes of its arguments.
    fn reduce(&mut self) -> Result<(), String> {
        let (Value::Tuple(arguments), Value::Known(function)) = (self.pop()?, self.pop()?) else {
            return damaged();
        };
        let arguments = &self.tuples[arguments];
        match function {
            Known::Dict if arguments.is_empty() => self.push_dict(),
            Known::Parameter => {
                let Some(&tensor @ Value::Tensor(_)) = arguments.first() else { return damaged() };
                self.stack.push(tensor);
            }
            Known::Tensor | Known::TypedTensor => {
                let tensor = self.tensor(arguments, function == Known::TypedTensor)?;
                self.inside += 2 * tensor.shape.len();
                self.stack.push(Value::Tensor(self.tensors.len()));
                self.tensors.push(tensor);
            }
            Known::Dict | Known::Elements(_) => return damaged(),
        }
        Ok(())
    }

    /// A tensor of storage, offset, shape, strides, whether it requires a gradient, hooks; then its type where
    /// that is not the storage's; then what it is besides.
    fn tensor(&self, arguments: &[Value<'a>], typed: bool) -> Result<Tensor<'a>, String> {
        let [
            Value::Storage(storage),
            Value::Number(offset),
            Value::Tuple(shape),
            Value::Tuple(strides),
            _,
            _,
            ref more @ ..,
        ] = *arguments
        else {
            return damaged();
        };
        let (entry, mut descr) = self.storages[storage];
        let besides = match (typed, more) {
            (true, [Value::Known(Known::Elements(own)), besides @ ..]) => {
                descr = own;
                besides
            }
            (true, _) => return damaged(),
            (false, besides) => besides,
        };
        if let [Value::Dict(dict), ..] = besides
            && !self.dicts[*dict].is_empty()
        {
            return Err("is a view that negates or conjugates its values: save x.clone()".into());
        }
        let lengths = |tuple: usize| -> Option<Vec<usize>> {
            let length = |value: &Value| match value {
                Value::Number(length) => usize::try_from(*length).ok(),
                _ => None,
            };
            self.tuples[tuple].iter().map(length).collect()
        };
        match (lengths(shape), lengths(strides), usize::try_from(offset)) {
            (Some(shape), Some(strides), Ok(offset)) if shape.len() == strides.len() => {
                Ok(Tensor { entry, descr, offset, shape, strides })
            }
            _ => damaged(),
        }
    }
}

fn known<'a>(module: &'a str, name: &'a str) -> Result<Known<'a>, String> {
    let elements = |descr| Ok(Known::Elements(descr));
    match (module, name) {
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Known::Tensor),
        ("torch._utils", "_rebuild_tensor_v3") => Ok(Known::TypedTensor),
        ("torch._utils", "_rebuild_parameter") => Ok(Known::Parameter),
        ("collections", "OrderedDict") => Ok(Known::Dict),
        ("torch.storage", "UntypedStorage") => elements("|u1"),
        ("torch", "HalfStorage" | "float16") => elements("<f2"),
        ("torch", "BFloat16Storage" | "bfloat16") => elements("BF16"),
        ("torch", "FloatStorage" | "float32") => elements("<f4"),
        ("torch", "DoubleStorage" | "float64") => elements("<f8"),
        ("torch", "CharStorage" | "int8") => elements("|i1"),
        ("torch", "ShortStorage" | "int16") => elements("<i2"),
        ("torch", "IntStorage" | "int32") => elements("<i4"),
        ("torch", "LongStorage" | "int64") => elements("<i8"),
        ("torch", "ByteStorage" | "uint8") => elements("|u1"),
        ("torch", "uint16") => elements("<u2"),
        ("torch", "uint32") => elements("<u4"),
        ("torch", "uint64") => elements("<u8"),
        ("torch", "BoolStorage") => elements("bool"),
        ("torch", "ComplexFloatStorage") => elements("complex64"),
        ("torch", "ComplexDoubleStorage") => elements("complex128"),
        ("torch", name) if name.starts_with("float8_") || name.starts_with("float4_") => {
            elements(name)
        }
        _ => unknown(module, name),
    }
}
