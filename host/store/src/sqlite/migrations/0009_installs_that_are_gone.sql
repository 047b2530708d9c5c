-- Since when an install is not in its client's file, and from which event on nothing is kept for it
-- any more.
ALTER TABLE installs ADD COLUMN absent_since INTEGER;
ALTER TABLE installs ADD COLUMN missed_from INTEGER;
