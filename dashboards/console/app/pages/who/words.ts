import { plural, words } from "../../words/index.ts";

export const text = words({
  en: {
    title: "Who is one",
    about: "People, companies, reps, teams and pipelines that several tools tell of, and why they are taken for one.",
    person: "People",
    company: "Companies",
    rep: "Sales reps",
    team: "Teams",
    pipeline: "Pipelines",
    search: "Name, or a whole e-mail address, number, domain or id",
    rows: (count: number) => `${count} ${plural("en", count, "record", "records")}`,
    none: "Nothing was made one yet. Search to find any.",
    noMatch: "Nothing matches.",
    records: "Records that are this one",
    links: "Why they are one",
    rule: "Rule",
    evidence: "By",
    made: "Made",
    undo: "Take apart",
    undoAbout:
      "The two records are two again, for good: no rule makes them one any more. Numbers follow within a minute.",
    undone: "taken apart",
    by: "by",
    merge: "Is also …",
    mergeAbout:
      "Find the other record, and make the two one by hand. It holds whatever the rules say, until it is undone.",
    mergeThis: "It is the same",
    activities: "Activities",
    knownBy: "Known by",
    connection: "Tool",
  },
  fr: {
    title: "Qui est qui",
    about:
      "Les personnes, entreprises, commerciaux, équipes et pipelines dont parlent plusieurs outils, et pourquoi ils n’en font qu’un.",
    person: "Personnes",
    company: "Entreprises",
    rep: "Commerciaux",
    team: "Équipes",
    pipeline: "Pipelines",
    search: "Nom, ou adresse e-mail, numéro, domaine ou identifiant entier",
    rows: (count: number) => `${count} ${plural("fr", count, "enregistrement", "enregistrements")}`,
    none: "Rien n’a encore été réuni. Cherchez pour trouver.",
    noMatch: "Rien ne correspond.",
    records: "Enregistrements qui ne font qu’un",
    links: "Pourquoi ils ne font qu’un",
    rule: "Règle",
    evidence: "Par",
    made: "Fait",
    undo: "Séparer",
    undoAbout:
      "Les deux enregistrements sont de nouveau deux, pour de bon : aucune règle ne les réunit plus. Les chiffres suivent en une minute.",
    undone: "séparés",
    by: "par",
    merge: "Est aussi …",
    mergeAbout:
      "Trouvez l’autre enregistrement et réunissez les deux à la main. Cela tient quoi que disent les règles, jusqu’à séparation.",
    mergeThis: "C’est le même",
    activities: "Activités",
    knownBy: "Reconnu par",
    connection: "Outil",
  },
});

export const ENTITIES = ["person", "company", "rep", "team", "pipeline"] as const;
export type Entity = (typeof ENTITIES)[number];

export function entityOf(name: string | undefined): Entity {
  return ENTITIES.find((one) => one === name) ?? "person";
}
