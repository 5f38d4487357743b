using MassTransit;

namespace Games.Bot;

/// <summary>What only our own outbox does, done without it; compiled with OfficialPackages=true only.</summary>
internal static class OfficialOutbox
{
    public static Task ConsumeTogether<T>(this ConsumeContext<T> context, Func<IReadOnlyList<ConsumeContext<T>>, Task> consume)
        where T : class => consume([context]);
}
