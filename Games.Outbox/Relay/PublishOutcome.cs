using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>What became of one publish.</summary>
internal enum PublishResult
{
    /// <summary>The broker has confirmed it.</summary>
    Confirmed,

    /// <summary>No queue would have got it, and none need.</summary>
    Dropped,

    /// <summary>It was not published any more, because nobody wants it now.</summary>
    Expired,

    /// <summary>The broker was there and would not have it: an attempt of this message.</summary>
    Refused,

    /// <summary>No queue would have got it; one may yet be declared.</summary>
    Unroutable,

    /// <summary>The broker could not be asked. Says nothing about the message.</summary>
    Unreachable,

    /// <summary>The broker was there and kept nothing (a nack). Says nothing about the message.</summary>
    Nacked,

    /// <summary>The channel was closed under it: by an outage, or by a message that the broker cannot bear, this one or another.</summary>
    Broken,

    /// <summary>Not published, because relaying is paused, the process is about to stop or an earlier message of its key was not.</summary>
    Withheld
}

/// <summary>A row and what became of it.</summary>
internal readonly record struct PublishOutcome(OutboxMessage Row, PublishResult Result, string? Error = null)
{
    /// <summary>Whether the row has nothing more to wait for.</summary>
    public bool Leaves => Result is PublishResult.Confirmed or PublishResult.Dropped or PublishResult.Expired;

    /// <summary>Whether it tells that the broker takes nothing at the moment.</summary>
    public bool IsOutage => Result is PublishResult.Unreachable or PublishResult.Nacked or PublishResult.Broken;
}

internal static class PublishErrors
{
    /// <summary>How the error of a message begins that the broker has returned for want of a queue: the name of the transport's exception.</summary>
    public const string Returned = "MessageReturnedException";

    /// <summary>The type of what is thrown for a nack.</summary>
    public const string Nack = "RabbitMQ.Client.Exceptions.PublishException";
}
