using Games.Data;

namespace Games.Api;

/// <summary>
/// Where the operation of the outbox is plugged in (Ops/). It works on our own outbox alone: with OfficialPackages=true that folder is not
/// compiled, nobody fills in the parts, and there are neither verbs nor endpoints.
/// </summary>
internal static partial class Operations
{
    /// <summary>Runs a verb of the command line; its exit code.</summary>
    public static async Task<int> RunOutboxVerbAsync(this WebApplicationBuilder builder, string[] verb)
    {
        Task<int>? run = null;
        Run(builder, verb, ref run);

        return await (run ?? throw new SettingException("The outbox verbs need Games.Outbox; this build has MassTransit.EntityFrameworkCore in its place."));
    }

    /// <summary>Looks at all that the services need; the exit code.</summary>
    public static async Task<int> RunDoctorAsync(this WebApplicationBuilder builder, string[] options)
    {
        Task<int>? run = null;
        Examine(builder, options, ref run);

        return await (run ?? throw new SettingException("The doctor needs Games.Outbox; this build has MassTransit.EntityFrameworkCore in its place."));
    }

    /// <summary>Shows the operation's endpoints to those alone who have the key.</summary>
    public static void UseOperations(this WebApplication app) => Guard(app);

    static partial void Run(WebApplicationBuilder builder, string[] verb, ref Task<int>? run);

    static partial void Examine(WebApplicationBuilder builder, string[] options, ref Task<int>? run);

    static partial void Guard(WebApplication app);
}
