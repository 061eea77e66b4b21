import { words } from "./index.ts";

/** What settings and credentials are called, by their names in the connectors' definitions. */
export const fieldNames = words<{ readonly [name: string]: string }>({
  en: {
    api_key: "API key",
    access_token: "Access token",
    access_key: "Access key",
    access_key_secret: "Access key secret",
    api_token: "API token",
    client_id: "Client ID",
    client_secret: "Client secret",
    email: "Administrator’s e-mail",
    service_account_json: "Key file (JSON)",
    subdomain: "Subdomain",
    property_id: "Property number",
    region: "Region",
    base_url: "Address of the API",
    login_url: "Address of the sign-in",
    workspace_id: "Workspace ID",
    requests_per_second: "Requests per second",
    requests_per_minute: "Requests per minute",
    exports_per_minute: "Exports per minute",
    companies_every_minutes: "Minutes between listings of companies",
    activity_days: "Days that a campaign is followed",
    log_sends: "An e-mail for each recipient",
    lost_reason_field: "Field with the reason of a loss",
    deal_attributes: "Further dimensions of deals",
    lead_attributes: "Further dimensions of companies",
    key_events: "Key events",
    timeout_s: "Longest report (seconds)",
    server_errors_per_hour: "Google’s failures per hour",
    relist_days: "Days listed again each day",
    transcripts: "Keep transcripts",
    data_centre: "Data centre",
  },
  fr: {
    api_key: "Clé d’API",
    access_token: "Jeton d’accès",
    access_key: "Clé d’accès",
    access_key_secret: "Secret de la clé d’accès",
    api_token: "Jeton d’API",
    client_id: "Identifiant du client",
    client_secret: "Secret du client",
    email: "E-mail de l’administrateur",
    service_account_json: "Fichier de clé (JSON)",
    subdomain: "Sous-domaine",
    property_id: "Numéro de la propriété",
    region: "Région",
    base_url: "Adresse de l’API",
    login_url: "Adresse de connexion",
    workspace_id: "Identifiant de l’espace",
    requests_per_second: "Requêtes par seconde",
    requests_per_minute: "Requêtes par minute",
    exports_per_minute: "Exports par minute",
    companies_every_minutes: "Minutes entre les listes d’entreprises",
    activity_days: "Jours de suivi d’une campagne",
    log_sends: "Un e-mail par destinataire",
    lost_reason_field: "Champ du motif de perte",
    deal_attributes: "Autres dimensions des affaires",
    lead_attributes: "Autres dimensions des entreprises",
    key_events: "Événements clés",
    timeout_s: "Durée maximale d’un rapport (secondes)",
    server_errors_per_hour: "Pannes de Google par heure",
    relist_days: "Jours relus chaque jour",
    transcripts: "Garder les transcriptions",
    data_centre: "Centre de données",
  },
});

/** `stage_days` → `Stage days`, for what has no name of its own here. */
export function humanise(name: string): string {
  const text = name
    .replaceAll(/[_.-]/g, " ")
    .replaceAll(/\b(api|url|id|kpi|sla|csv)\b/gi, (word) => word.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}
