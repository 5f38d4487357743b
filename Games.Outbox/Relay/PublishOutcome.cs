using MassTransit.EntityFrameworkCoreIntegration;

namespace Games.Outbox.Relay;

/// <summary>What became of one publish.</summary>
internal enum PublishResult
{
    /// <summary>The broker has confirmed it.</summary>
    Confirmed,

    /// <summary>The broker was there and would not have it: an attempt of this message.</summary>
    Refused,

    /// <summary>No queue would have got it; one may yet be declared.</summary>
    Unroutable,

    /// <summary>The broker could not be asked. Says nothing about the message.</summary>
    Unreachable,

    /// <summary>The channel was closed under it: by an outage, or by a message that the broker cannot bear, this one or another.</summary>
    Broken,

    /// <summary>Not published, because relaying is paused, the process is about to stop or an earlier message of its key was not.</summary>
    Withheld
}

/// <summary>A row and what became of it.</summary>
internal readonly record struct PublishOutcome(OutboxMessage Row, PublishResult Result, string? Error = null);

internal static class PublishErrors
{
    /// <summary>How the error of a message begins that the broker has returned for want of a queue: the name of the transport's exception.</summary>
    public const string Returned = "MessageReturnedException";
}
