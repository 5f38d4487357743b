using System.CommandLine;
using Games.Data;
using Games.Journal;
using Games.Outbox;
using Games.Outbox.Inspection;
using Games.Outbox.Outages;
using Games.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Ops.Doctor;

/// <summary>How the doctor looks.</summary>
/// <param name="OlderThan">An event has this long to have its effect.</param>
internal sealed record DoctorOptions(TimeSpan OlderThan)
{
    public static readonly TimeSpan Default = TimeSpan.FromMinutes(5);
}

/// <summary>Looks at everything that the services need and says what is wrong and what to do. Reads only, unless it is told to republish.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON object" };
        var republish = new Option<bool>("--republish") { Description = "Publishes events again that had no effect" };
        var dryRun = new Option<bool>("--dry-run") { Description = "With --republish: only says how many" };
        var olderThan = new Option<double>("--older-than")
        {
            Description = "How long an event has to have its effect (minutes)",
            HelpName = "MINUTES",
            DefaultValueFactory = _ => DoctorOptions.Default.TotalMinutes,
        };
        olderThan.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<double>() is not (>= 0 and <= 1_000_000))
                result.AddError("--older-than must be minutes, zero or more.");
        });
        var command = new Command(
            "doctor",
            "Looks at database, broker, listeners, journal, outbox, announcements and events without effect. Exit code 1 when anything is wrong.")
        {
            json, republish, dryRun, olderThan,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(dryRun) && !result.GetValue(republish))
                result.AddError("--dry-run goes with --republish.");
        });
        command.SetAction((options, ct) => Database.RunAsync(
            builder => builder.AddDoctor(new(TimeSpan.FromMinutes(options.GetValue(olderThan)))),
            async services =>
            {
                var findings = await ExamineAsync(services.GetServices<ICheck>(), ct);
                var orphans = options.GetValue(republish) ? await RepublishAsync(services, findings, options.GetValue(dryRun), ct) : null;
                if (options.GetValue(json))
                    DoctorScreen.ShowJson(findings, orphans, options.GetValue(dryRun));
                else
                    DoctorScreen.Show(findings, options.GetValue(republish), orphans, options.GetValue(dryRun));
                return findings.TrueForAll(finding => finding.State is FindingState.Ok);
            }));
        return command;
    }

    /// <summary>The one place that says what is looked at, and in which order it is shown.</summary>
    private static void AddDoctor(this HostApplicationBuilder builder, DoctorOptions options)
    {
        var nodes = builder.Configuration.RequireBrokerNodes();
        builder.AddRepublishing(nodes[0]);
        builder.Services.AddOutboxInspection<GamesDbContext>();
        builder.Services.AddScoped<JournalInspection>();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(builder.Configuration.GetSection(OutboxOptions.Section).Get<OutboxOptions>() ?? new());
        builder.Services.AddJournalOptions();

        builder.Services.AddScoped<ICheck, DatabaseCheck>();
        builder.Services.AddScoped<ICheck, LocksCheck>();
        builder.Services.AddScoped<ICheck>(_ => new BrokerCheck(nodes));
        builder.Services.AddScoped<ICheck, ListenersCheck>();
        builder.Services.AddScoped<ICheck, JournalCheck>();
        builder.Services.AddScoped<ICheck, OutboxCheck>();
        builder.Services.AddScoped<ICheck, DeliveryCheck>();
        builder.Services.AddScoped<OrphansCheck>();
        builder.Services.AddScoped<ICheck>(services => services.GetRequiredService<OrphansCheck>());
        builder.Services.AddScoped<IOrphans, UnannouncedGames>();
        builder.Services.AddScoped<IOrphans, UnannouncedEvents>();
        builder.Services.AddScoped<IOrphans, OverdueGames>();
        builder.Services.AddScoped<IOrphans, UnstoredMessages>();
    }

    private static async Task<List<Finding>> ExamineAsync(IEnumerable<ICheck> checks, CancellationToken ct)
    {
        var findings = new List<Finding>();
        foreach (var check in checks)
        {
            try
            {
                await foreach (var finding in check.ExamineAsync(ct))
                    findings.Add(finding);
            }
            catch (Exception e) when (e.IsDatabaseFailure())
            {
                findings.Add(new(check.Subject, FindingState.Unknown, $"not looked at, because of the database: {e.InWords()}"));
            }
        }

        return findings;
    }

    /// <summary>How many were published again, or would be; null if not everything could be looked at.</summary>
    private static async Task<int?> RepublishAsync(IServiceProvider services, List<Finding> findings, bool dryRun, CancellationToken ct)
    {
        if (findings.Exists(finding => finding.State is FindingState.Unknown))
            return null;

        var orphans = services.GetRequiredService<OrphansCheck>();
        return dryRun ? await orphans.CountAsync(ct) : await orphans.RepublishAsync(ct);
    }
}
