import fc from "fast-check";

// One seed for all property tests, so that a run can be repeated; PROPERTY_SEED looks elsewhere.
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 20_240_228) });
