using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Games.Data;
using Games.Journal;

namespace Games.Api.Commands;

/// <summary>
/// Publishes events from standard input, one JSON object a line. What has come goes in one statement, up to <see cref="BatchLines"/> lines or about
/// 4 MiB: a fast writer is not waited for line by line, and a slow one does not wait for its batch to fill. A batch that is refused is halved until
/// the line is found.
/// </summary>
/// <param name="events">Where they go.</param>
/// <param name="defaults">What holds for a line that does not say otherwise.</param>
internal sealed class EventLines(IEventPublisher events, NewEvent defaults)
{
    public const int BatchLines = 500;

    private const int BatchCharacters = 4 * 1024 * 1024;
    private const int ProgressLines = 1_000;

    private int seen;
    private int published;
    private int refused;

    /// <summary>Whether all lines are published; else each that is not has been named.</summary>
    public async Task<bool> PublishAsync(CancellationToken ct)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        var lines = Channel.CreateBounded<(int Number, string Text)>(BatchLines);
        // Nothing takes a read of standard input back: at the end of the process it may still wait.
        _ = Task.Run(() => ReadAsync(input, lines.Writer, ct), CancellationToken.None);

        try
        {
            while (await lines.Reader.WaitToReadAsync(ct))
                await PublishBatchAsync(lines.Reader, ct);
        }
        catch (Exception stopped) when (stopped is OperationCanceledException || stopped.IsDatabaseGone())
        {
            Say($"Stopped: of the lines up to {seen} {published} are published and {refused} refused; from line {seen + 1} on none is known to be.");
            throw;
        }

        if (refused > 0)
            Say($"{refused} of {seen} lines were refused; the others are published.");
        return refused == 0;
    }

    private static async Task ReadAsync(StreamReader input, ChannelWriter<(int Number, string Text)> lines, CancellationToken ct)
    {
        try
        {
            for (var number = 1; await input.ReadLineAsync(ct) is { } text; number++)
                await lines.WriteAsync((number, text), ct);
            lines.Complete();
        }
        catch (Exception failure)
        {
            lines.Complete(failure);
        }
    }

    private async Task PublishBatchAsync(ChannelReader<(int Number, string Text)> lines, CancellationToken ct)
    {
        var batch = new List<(int Number, NewEvent Event)>();
        var (last, characters) = (seen, 0);
        while (batch.Count < BatchLines && characters < BatchCharacters && lines.TryRead(out var line))
        {
            last = line.Number;
            characters += line.Text.Length;
            if (!string.IsNullOrWhiteSpace(line.Text) && Read(line.Number, line.Text) is { } said)
                batch.Add((line.Number, said));
        }

        await PublishAsync(batch, ct);
        if (last / ProgressLines > seen / ProgressLines)
            Say($"{last} lines, {refused} refused");
        seen = last;
    }

    private async Task PublishAsync(List<(int Number, NewEvent Event)> batch, CancellationToken ct)
    {
        if (batch is [])
            return;

        try
        {
            var done = await events.PublishAsync([.. batch.Select(x => x.Event)], ct);
            published += done.Count;
            Console.Out.Write(string.Concat(done.Select(x => $"{x.Id}\n")));
        }
        catch (EventRefusedException) when (batch.Count > 1)
        {
            await PublishAsync(batch[..(batch.Count / 2)], ct);
            await PublishAsync(batch[(batch.Count / 2)..], ct);
        }
        catch (EventRefusedException refusal)
        {
            Refuse(batch[0].Number, $"not published: {refusal.Message}");
        }
    }

    private NewEvent? Read(int number, string text)
    {
        try
        {
            var line = JsonSerializer.Deserialize<Line>(text, JsonSerializerOptions.Web)!;
            return new(
                line.EventType ?? "", line.Payload ?? JsonElement.Parse("{}"), line.Source ?? defaults.Source, line.Channel ?? defaults.Channel,
                line.CorrelationId ?? defaults.CorrelationId, line.Id);
        }
        catch (JsonException e)
        {
            Refuse(number, $"no event: {e.Message}");
            return null;
        }
    }

    private void Refuse(int number, string why)
    {
        refused++;
        Say($"Line {number}: {why}");
    }

    private static void Say(string text) => Console.Error.WriteLine(text);

    private sealed record Line(string? EventType, string? Channel, JsonElement? Payload, Guid? CorrelationId, string? Source, Guid? Id);
}
