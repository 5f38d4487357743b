using System.CommandLine;
using Games.Ops;
using Games.Ops.Announcements;
using Games.Ops.Doctor;
using Games.Ops.Events;
using Games.Ops.Keys;
using Games.Ops.Outbox;

var console = new RootCommand("The operator's console of Games, on the database of ConnectionStrings:Games.")
{
    OutboxVerbs.Create(),
    EventsVerbs.Create(),
    KeysVerbs.Create(),
    AnnouncementsVerbs.Create(),
    DoctorVerb.Create(),
};

return await console.ShowsHelpWithoutVerb().RunAsync(args);
