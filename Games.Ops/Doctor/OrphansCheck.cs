using System.Runtime.CompilerServices;
using Games.Data;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Ops.Doctor;

/// <summary>Whether events have had their effects; and publishes those again that have not.</summary>
internal sealed class OrphansCheck(IEnumerable<IOrphans> kinds, IServiceScopeFactory scopes, DoctorOptions options, TimeProvider clock) : ICheck
{
    private const int Batch = 100;
    private const int Named = 5;

    public string Subject => "orphans";

    /// <summary>As it was asked for.</summary>
    private string Age => options.OlderThan == DoctorOptions.Default ? "" : $" --older-than {options.OlderThan.TotalMinutes:0.##}";

    private DateTimeOffset Before => clock.GetUtcNow() - options.OlderThan;

    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var kind in kinds)
        {
            var (count, ids) = (0, new List<string>());
            var (hopeless, reasons) = (0, new List<string>());
            await foreach (var orphan in kind.FindAsync(Before, ct))
            {
                if (orphan.Event is not null && ++count <= Named)
                    ids.Add($"{orphan.Id}");
                if (orphan.Event is null && ++hopeless <= Named)
                    reasons.Add($"{orphan.Id} ({orphan.Hopeless})");
            }

            if (count > 0)
            {
                yield return Finding.Wrong(
                    kind.Name, Words(count, ids), $"is the bot ready (its /health/ready)? Then publish them again: ./games doctor --republish{Age}");
            }

            if (hopeless > 0)
            {
                yield return Finding.Wrong(
                    $"{kind.Name}, for good", Words(hopeless, reasons),
                    "to publish them again does not help: publish what is right under a new id, then DELETE FROM events WHERE id = '…'");
            }

            if (count + hopeless == 0)
                yield return Finding.Ok(kind.Name, $"none older than {options.OlderThan.TotalMinutes:0.##} min");
        }

        static string Words(int count, List<string> first) => $"{count}: {string.Join(", ", first)}{(count > first.Count ? ", …" : "")}";
    }

    public async Task<int> CountAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var kind in kinds)
            count += await kind.FindAsync(Before, ct).CountAsync(orphan => orphan.Event is not null, ct);

        return count;
    }

    /// <summary>
    /// Publishes the orphans through the outbox, a batch a transaction; how many. Each gets a MessageId of its own: an inbox that remembers the
    /// first one, whose effect is gone all the same, would take no second effect. The unique key of the effect makes a repeat harmless.
    /// </summary>
    public async Task<int> RepublishAsync(CancellationToken ct)
    {
        var count = 0;
        foreach (var kind in kinds)
        {
            await foreach (var batch in kind.FindAsync(Before, ct).Where(orphan => orphan.Event is not null).Chunk(Batch).WithCancellation(ct))
            {
                await using var scope = scopes.CreateAsyncScope();
                foreach (var orphan in batch)
                    await PublishAsync(orphan, scope.ServiceProvider, ct);
                await scope.ServiceProvider.GetRequiredService<GamesDbContext>().SaveChangesAsync(ct);
                count += batch.Length;
            }
        }

        return count;
    }

    private static async Task PublishAsync(Orphan orphan, IServiceProvider services, CancellationToken ct)
    {
        if (orphan.Queue is null)
        {
            await services.GetRequiredService<IPublishEndpoint>().Publish(orphan.Event!, ct);
            return;
        }

        var queue = await services.GetRequiredService<ISendEndpointProvider>().GetSendEndpoint(new($"queue:{orphan.Queue}"));
        await queue.Send(orphan.Event!, ct);
    }
}
