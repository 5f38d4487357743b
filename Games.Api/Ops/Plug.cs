using Games.Api.Ops;

namespace Games.Api;

internal static partial class Operations
{
    static partial void Run(WebApplicationBuilder builder, string[] verb, ref Task<int>? run) => run = OutboxCommand.RunAsync(builder, verb);

    static partial void Guard(WebApplication app) => app.UseOpsKey();
}
