import type { Random } from "./random.ts";

/** Invented people and firms. First and last names are ordinary and drawn apart; firms are put together from parts and end in `.example`. */

const FIRST_NAMES = [
  ..."Ada Ahmed Aiko Alma Amara Anders Anika Antonio Arjun Astrid Aylin Beatriz Bela Bodil Bruno Carla Cedric Chidi Clara Daichi".split(
    " ",
  ),
  ..."Dalia Damian Daria Dilip Doris Edda Elias Elif Emeka Enzo Esra Ewa Farah Felix Femi Fiona Freya Gita Goran Greta Hana Hassan".split(
    " ",
  ),
  ..."Hedda Hugo Ida Igor Ines Ingrid Iris Ivan Jamal Jana Jin Joana Jonas Jorge Judith Kaito Karim Katja Kenji Klara Lars Latifa".split(
    " ",
  ),
  ..."Leila Lena Leo Lina Livia Luca Lucia Magda Malik Marco Maren Mateo Mei Mila Milan Mina Nadia Nasir Nia Niko Nora Odile Olga".split(
    " ",
  ),
  ..."Omar Oskar Paula Pedro Petra Priya Rafael Rania Ravi Rita Rosa Runa Sami Sana Sara Selma Sofia Stefan Sunil Tamar Tara Theo".split(
    " ",
  ),
  ..."Tomas Uma Urs Vera Viktor Vito Wanda Yara Yusuf Zainab Zoltan Zora".split(" "),
];

const LAST_NAMES = [
  ..."Abara Adeyemi Alm Amsel Arnaud Aydin Baptiste Bergmann Bianchi Birk Bosman Brandt Castel Chandra Cisse Corvo Dahl Dembele".split(
    " ",
  ),
  ..."Dorn Duarte Ekberg Eriksen Falk Farkas Ferrante Fontaine Frost Galvan Ghosh Granat Grimaldi Haas Haddad Halvorsen Hartmann".split(
    " ",
  ),
  ..."Hashimoto Heide Holm Horvat Ibsen Iyer Jansen Kamara Kapoor Karlsen Kato Kaya Keita Kessler Koch Kovac Kruse Lacroix Lang".split(
    " ",
  ),
  ..."Larsen Lehto Lindqvist Lombardi Maas Makela Mancini Marchetti Meier Mensah Molina Morel Nakata Navarro Nilsen Noor Novak".split(
    " ",
  ),
  ..."Nyberg Obi Okafor Oliveira Orlov Osei Ottesen Pavlov Petit Pohl Prakash Quist Rahman Ramos Reyes Richter Rossi Sand Santoro".split(
    " ",
  ),
  ..."Sato Sauter Seidel Sharma Silva Skov Sorensen Steiner Tanaka Teixeira Thorsen Toure Unger Vance Varga Vidal Vogt Wagner".split(
    " ",
  ),
  ..."Walther Weiss Winter Yamada Yildiz Zander Zeller Ziegler".split(" "),
];

const FIRM_STEMS = [
  ..."Alder Amber Anvil Aspen Auburn Basalt Beacon Birch Bramble Brass Bright Cedar Cinder Cobalt Copper Coral Crest Delta Drift".split(
    " ",
  ),
  ..."Dune Eastern Elm Ember Fable Fennel Fern Flint Forge Gale Garnet Glade Granite Grove Halden Harbor Hazel Heron Hollow Indigo".split(
    " ",
  ),
  ..."Iron Ivory Jasper Juniper Kelp Kestrel Larch Lantern Linden Loom Lunar Lupine Maple Marble Meadow Mistral Moss Nettle Nimbus".split(
    " ",
  ),
  ..."Nordic Oak Ochre Onyx Orchard Osprey Otter Pebble Pewter Pine Plover Quarry Quill Raven Reed Ridge River Rowan Saffron Sable".split(
    " ",
  ),
  ..."Sedge Shale Sierra Slate Spruce Summit Tallow Teal Tern Thistle Timber Tundra Umber Vale Velvet Vesper Walnut Willow Wren".split(
    " ",
  ),
  ..."Yarrow Zephyr Zinnia".split(" "),
];
const FIRM_SECOND = [
  ..."bay bridge brook croft dale field ford gate haven hill land mark mere mill moor path point port side stead stone ton view".split(
    " ",
  ),
  ..."ville ward water way wick wood works worth yard".split(" "),
];
const FIRM_KINDS: { readonly [industry: string]: readonly string[] } = {
  software: ["Software", "Systems", "Labs", "Cloud", "Digital"],
  manufacturing: ["Manufacturing", "Tooling", "Components", "Fabrication"],
  logistics: ["Logistics", "Freight", "Haulage", "Shipping"],
  healthcare: ["Health", "Clinics", "Diagnostics", "Care"],
  retail: ["Retail", "Stores", "Goods", "Market"],
  finance: ["Capital", "Finance", "Insurance", "Credit"],
  energy: ["Energy", "Power", "Metering", "Solar"],
  education: ["Learning", "Academy", "Campus"],
  construction: ["Construction", "Builders", "Contracting"],
  hospitality: ["Hotels", "Hospitality", "Catering"],
};
export const INDUSTRIES: readonly string[] = Object.keys(FIRM_KINDS);

const TITLES = [
  "Head of Operations",
  "Operations Manager",
  "Chief Financial Officer",
  "Finance Manager",
  "Head of Sales",
  "IT Manager",
  "Procurement Lead",
  "Managing Director",
  "Product Owner",
  "Office Manager",
  "Chief Technology Officer",
  "Project Manager",
];

export type PersonName = { readonly firstName: string; readonly lastName: string; readonly name: string };

export function personName(random: Random): PersonName {
  const firstName = random.pick(FIRST_NAMES);
  const lastName = random.pick(LAST_NAMES);
  return { firstName, lastName, name: `${firstName} ${lastName}` };
}

export function jobTitle(random: Random): string {
  return random.pick(TITLES);
}

export type FirmName = { readonly name: string; readonly domain: string };

/** Names firms so that no two share a domain. */
export function createFirmNames(random: Random): (industry: string) => FirmName {
  const taken = new Map<string, number>();
  return (industry) => {
    const stem = random.pick(FIRM_STEMS);
    const second = random.pick(FIRM_SECOND);
    const kind = random.pick(FIRM_KINDS[industry] ?? ["Group"]);
    const name = `${stem}${second} ${kind}`;
    const slug = name.toLowerCase().replaceAll(" ", "-");
    const count = (taken.get(slug) ?? 0) + 1;
    taken.set(slug, count);
    // Past the stock of names, a town's number tells namesakes apart.
    return count === 1
      ? { name, domain: `${slug}.example` }
      : { name: `${name} ${count}`, domain: `${slug}-${count}.example` };
  };
}

/** The local part of an address. */
export function mailbox(name: PersonName): string {
  return `${name.firstName}.${name.lastName}`.toLowerCase();
}
