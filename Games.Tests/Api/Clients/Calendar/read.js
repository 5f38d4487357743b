// Prints what ical.js reads in a file: the calendar's own line, then one of each event.
import { readFileSync } from 'node:fs';
import ICAL from 'ical.js';

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], 'utf8')));
const print = value => console.log(JSON.stringify(value));
const time = (event, name) => event.getFirstPropertyValue(name).toJSDate().toISOString();

print({
  version: calendar.getFirstPropertyValue('version'),
  name: calendar.getFirstPropertyValue('x-wr-calname'),
});
for (const event of calendar.getAllSubcomponents('vevent'))
  print({
    uid: event.getFirstPropertyValue('uid'),
    sequence: event.getFirstPropertyValue('sequence'),
    status: event.getFirstPropertyValue('status'),
    summary: event.getFirstPropertyValue('summary'),
    description: event.getFirstPropertyValue('description'),
    location: event.getFirstPropertyValue('location'),
    start: time(event, 'dtstart'),
    end: time(event, 'dtend'),
    stamp: time(event, 'dtstamp'),
    modified: time(event, 'last-modified'),
    created: time(event, 'created'),
    alarms: event.getAllSubcomponents('valarm').map(alarm =>
      `${alarm.getFirstPropertyValue('action')} ${alarm.getFirstPropertyValue('trigger').toSeconds() / 60}`),
  });
