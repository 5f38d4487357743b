using Games.Outbox.Capture;
using Games.Outbox.Database;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;

namespace Games.Outbox.Relay;

/// <summary>
/// Publishes many groups of rows at once, as far as the limits of unconfirmed publishes and of their bytes let it; the rows of a group one after the
/// other.
/// </summary>
internal sealed class PublishWindow<TDbContext>(
    RelayStore<TDbContext> store, OutboxOptions options, OutboxPublisher<TDbContext> publisher, BrokerCircuit<TDbContext> circuit,
    OutcomeWriter<TDbContext> outcomes, LeasedRows leased, WakeUp wakeUp, TimeProvider time)
    where TDbContext : DbContext
{
    private readonly SemaphoreSlim _window = new(options.PublishLimit);

    // Two that each wait for more places than are left would wait for each other.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Starts publishing rows one after the other, once the window has room.</summary>
    public async Task StartAsync(OutboxMessage[] rows, CancellationToken ct)
    {
        var places = Places(rows);

        try
        {
            await EnterAsync(places, ct);
        }
        catch (OperationCanceledException)
        {
            outcomes.Withhold(rows);
            throw;
        }

        _ = PublishAsync(rows, places);
    }

    /// <summary>A place in the window stands for its share of the bytes, so what is large takes several, and at most all.</summary>
    private int Places(OutboxMessage[] rows) =>
        (int)Math.Clamp(
            Math.Ceiling(rows.Sum(x => (double)x.Size) * options.PublishLimit / options.ByteLimit), 1, options.PublishLimit);

    private async Task EnterAsync(int places, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        var taken = 0;

        try
        {
            for (; taken < places; taken++)
                await _window.WaitAsync(ct);
        }
        catch (OperationCanceledException) when (taken > 0)
        {
            _window.Release(taken);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until no publish is under way, for at most the option StopTimeout; whether that was long enough.</summary>
    public async Task<bool> WaitUntilEmptyAsync()
    {
        using var timeout = new CancellationTokenSource(options.StopTimeout, time);

        try
        {
            for (var i = 0; i < options.PublishLimit; i++)
                await _window.WaitAsync(timeout.Token);

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task PublishAsync(OutboxMessage[] rows, int places)
    {
        try
        {
            for (var i = 0; i < rows.Length; i++)
            {
                if (!await PublishAsync(rows[i]))
                {
                    outcomes.Withhold(rows[(i + 1)..]);
                    return;
                }
            }
        }
        finally
        {
            _window.Release(places);
        }
    }

    /// <summary>Publishes one row; whether those behind it may follow.</summary>
    private async Task<bool> PublishAsync(OutboxMessage row)
    {
        if (!circuit.IsClosed || store.IsPaused || outcomes.AreRefused)
        {
            outcomes.Withhold(row);
            return false;
        }

        if (!leased.IsOurs(row))
        {
            // Another relay may have leased it by now. The table says who.
            leased.Forget(row);
            wakeUp.Set();
            return false;
        }

        var period = circuit.Period;
        var outcome = await publisher.PublishAsync(row);
        outcomes.Report(outcome);

        if (outcome.IsOutage && circuit.Open(period, outcome.Error!))
            wakeUp.Set();
        else if (outcome.Result is PublishResult.Confirmed)
            circuit.Confirmed();

        return outcome.Leaves
            || outcome.Result is PublishResult.Refused or PublishResult.Unroutable && OutboxSession.IsTransactionKey(row.OrderingKey);
    }
}
