import { sql } from "kysely";

/**
 * Of a `batch` of events (type, payload) and an `endpoint` (filters): whether an event fits an endpoint's filters. A filter for deals lets through what is about no deal, one for KPIs what is about no KPI, and so on. A
 * threshold is told when it is crossed: the value before was on the other side, or there was none.
 */
export const fits = sql<boolean>`(
  (batch.payload -> 'deal' is null or (
    coalesce(endpoint.filters -> 'pipelines' ? (batch.payload #>> '{deal,pipeline}'), endpoint.filters -> 'pipelines' is null)
    and (endpoint.filters -> 'min_amount' is null
      or (batch.payload #>> '{deal,value,amount}')::numeric >= (endpoint.filters ->> 'min_amount')::numeric)))
  and (batch.payload -> 'rule' is null or endpoint.filters -> 'rules' is null
    or endpoint.filters -> 'rules' ? (batch.payload #>> '{rule,id}'))
  and (batch.payload -> 'digest' is null or endpoint.filters -> 'digests' is null
    or endpoint.filters -> 'digests' ? (batch.payload #>> '{digest,id}'))
  and (batch.payload -> 'metric' is null or (
    (endpoint.filters -> 'metrics' is null or endpoint.filters -> 'metrics' ? (batch.payload ->> 'metric'))
    and (endpoint.filters -> 'rises_to' is null or (
      (batch.payload ->> 'value')::numeric >= (endpoint.filters ->> 'rises_to')::numeric
      and coalesce((batch.payload ->> 'previous_value')::numeric < (endpoint.filters ->> 'rises_to')::numeric, true)))
    and (endpoint.filters -> 'falls_to' is null or (
      (batch.payload ->> 'value')::numeric <= (endpoint.filters ->> 'falls_to')::numeric
      and coalesce((batch.payload ->> 'previous_value')::numeric > (endpoint.filters ->> 'falls_to')::numeric, true)))))
)`;
