using Games.Api.Ops;
using Games.Api.Ops.Doctor;

namespace Games.Api;

internal static partial class Operations
{
    static partial void Run(WebApplicationBuilder builder, string[] verb, ref Task<int>? run) => run = OutboxCommand.RunAsync(builder, verb);

    static partial void Examine(WebApplicationBuilder builder, string[] options, ref Task<int>? run) => run = DoctorCommand.RunAsync(builder, options);

    static partial void Guard(WebApplication app) => app.UseOpsKey();
}
