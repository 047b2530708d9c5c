//! When what happens: intake, observe, route, run, judge, settle, schedule.
