// Grafana's own type of a dashboard, with words in place of its enumerations: so JSON has them.
import type { Dashboard } from "@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts";

type Json<T> = T extends string
    ? `${T}`
    : T extends (infer Element)[]
      ? Json<Element>[]
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

export type DashboardJson = Json<Dashboard>;
