-- `site`: the other site that sent it, a copy of the shop; absent: the shop itself did.
ALTER TABLE dead_deliveries ADD COLUMN site TEXT;
