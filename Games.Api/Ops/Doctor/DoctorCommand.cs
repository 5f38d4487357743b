using System.CommandLine;
using System.CommandLine.Invocation;
using Games.Data;
using Games.Journal;
using Games.Outbox;
using Games.ServiceDefaults;
using Npgsql;

namespace Games.Api.Ops.Doctor;

/// <summary>How the doctor looks.</summary>
/// <param name="OlderThan">An event has this long to have its effect.</param>
internal sealed record DoctorOptions(TimeSpan OlderThan);

/// <summary>Looks at everything that the services need and says what is wrong and what to do. Changes nothing, unless it is told to republish.</summary>
internal static class DoctorCommand
{
    private const double DefaultMinutes = 5;

    public static Task<int> RunAsync(WebApplicationBuilder builder, string[] arguments)
    {
        var parsed = new RootCommand { Create(builder) }.Parse(["doctor", .. arguments]);
        if (parsed.Action is ParseErrorAction wrong)
            wrong.ShowHelp = false;

        return parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    /// <summary>The one place that says what is looked at, and in which order it is shown.</summary>
    private static void AddChecks(IServiceCollection services, Uri broker)
    {
        services.AddScoped<ICheck, DatabaseCheck>();
        services.AddScoped<ICheck>(_ => new BrokerCheck(broker));
        services.AddScoped<ICheck, ListenersCheck>();
        services.AddScoped<ICheck, JournalCheck>();
        services.AddScoped<ICheck, OutboxCheck>();
        services.AddScoped<OrphansCheck>();
        services.AddScoped<ICheck>(provider => provider.GetRequiredService<OrphansCheck>());
        services.AddScoped<IOrphans, UnannouncedGames>();
        services.AddScoped<IOrphans, UnannouncedEvents>();
        services.AddScoped<IOrphans, UnstoredMessages>();
    }

    private static Command Create(WebApplicationBuilder builder)
    {
        var json = new Option<bool>("--json") { Description = "Says it as one JSON object" };
        var republish = new Option<bool>("--republish") { Description = "Publishes events again that had no effect" };
        var dryRun = new Option<bool>("--dry-run") { Description = "With --republish: only says how many" };
        var olderThan = new Option<double>("--older-than")
        {
            Description = "How long an event has to have its effect (minutes)",
            HelpName = "MINUTES",
            DefaultValueFactory = _ => DefaultMinutes,
        };
        olderThan.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<double>() is not (>= 0 and <= 1_000_000))
                result.AddError("--older-than must be minutes, zero or more.");
        });
        var command = new Command("doctor", "Looks at database, broker, listeners, journal, outbox and events without effect. Exit code 1 when anything is wrong.")
        {
            json, republish, dryRun, olderThan,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(dryRun) && !result.GetValue(republish))
                result.AddError("--dry-run goes with --republish.");
        });
        command.SetAction((options, ct) => ExamineAsync(
            builder, new DoctorOptions(TimeSpan.FromMinutes(options.GetValue(olderThan))), options.GetValue(json), options.GetValue(republish), options.GetValue(dryRun), ct));
        return command;
    }

    private static async Task<int> ExamineAsync(WebApplicationBuilder builder, DoctorOptions options, bool json, bool republish, bool dryRun, CancellationToken ct)
    {
        builder.Logging.ClearProviders();
        // What is sent again is in the journal already.
        builder.Configuration[$"{JournalOptions.Section}:{nameof(JournalOptions.Record)}"] = "false";
        builder.AddGamesDatabase();
        // For the outbox alone: the bus is never started.
        builder.AddMessaging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(builder.Configuration.GetSection(OutboxOptions.Section).Get<OutboxOptions>() ?? new());
        builder.Services.AddSingleton(builder.Configuration.GetSection(JournalOptions.Section).Get<JournalOptions>() ?? new());
        AddChecks(builder.Services, builder.Configuration.RequireBrokerAddress());
        await using var app = builder.Build();
        await using var scope = app.Services.CreateAsyncScope();

        var findings = new List<Finding>();
        foreach (var check in scope.ServiceProvider.GetServices<ICheck>())
            findings.AddRange(await ExamineAsync(check, ct));

        int? orphans = null;
        if (republish && findings.TrueForAll(finding => finding.State is not FindingState.Unknown))
        {
            var check = scope.ServiceProvider.GetRequiredService<OrphansCheck>();
            orphans = dryRun ? await check.CountAsync(ct) : await check.RepublishAsync(ct);
        }

        if (json)
            DoctorScreen.ShowJson(findings, orphans, dryRun);
        else
            DoctorScreen.Show(findings, orphans, dryRun);
        return findings.TrueForAll(finding => finding.State is FindingState.Ok) ? 0 : 1;
    }

    private static async Task<List<Finding>> ExamineAsync(ICheck check, CancellationToken ct)
    {
        var findings = new List<Finding>();
        try
        {
            await foreach (var finding in check.ExamineAsync(ct))
                findings.Add(finding);
        }
        catch (Exception e) when (e.IsDatabaseGone() || e is PostgresException)
        {
            findings.Add(new(check.Subject, FindingState.Unknown, $"not looked at, because of the database: {e.GetBaseException().Message}"));
        }

        return findings;
    }
}
