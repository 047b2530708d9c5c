//! A measured figure, and how it is told: one row of a table, and one entry of a file. The bench that
//! is a workspace of its own, `tests/extism`, tells its row with this too.

use serde::Serialize;

/// What was measured.
pub struct Figure {
    pub value: f64,
    pub unit: &'static str,
    pub bound: Bound,
    /// The numbers behind it, for a person.
    pub detail: String,
}

/// What the value has to keep to.
#[derive(Clone, Copy)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// A row as it is written to a file.
#[derive(Serialize)]
pub struct Measured {
    id: &'static str,
    value: f64,
    unit: &'static str,
    bound: f64,
    holds: bool,
}

/// Prints what stands above the rows.
pub fn head() {
    println!("{:<35} {:>12} {:<8} {:>10}  HOLDS", "ROW", "VALUE", "UNIT", "BOUND");
}

impl Figure {
    /// Prints it as a row, and returns it as it is written.
    pub fn tell(self, id: &'static str) -> Measured {
        let Self { value, unit, bound, detail } = self;
        let (sign, bound, holds) = match bound {
            Bound::AtMost(bound) => ("≤", bound, value <= bound),
            Bound::AtLeast(bound) => ("≥", bound, value >= bound),
        };
        let shown = format!("{sign} {bound}");
        let answer = if holds { "yes" } else { "NO" };
        println!("{id:<35} {value:>12.3} {unit:<8} {shown:>10}  {answer}\n    {detail}");
        Measured { id, value, unit, bound, holds }
    }
}

/// The middle one of some numbers; none of no numbers.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
