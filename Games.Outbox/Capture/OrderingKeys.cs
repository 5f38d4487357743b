using System.Collections.Concurrent;
using MassTransit;

namespace Games.Outbox.Capture;

/// <summary>By which keys messages keep their order: set for one message in its context, or for a type by a convention.</summary>
internal sealed class OrderingKeys
{
    private const int LongestKey = 256;

    private readonly List<Convention> _conventions = [];
    private readonly ConcurrentDictionary<Type, Convention?> _found = new();

    /// <summary>
    /// Adds a convention. It also holds for types that derive from or implement <typeparamref name="T" /> and have none of their own.
    /// </summary>
    public void Add<T>(Func<T, string?> key, bool begins = false)
        where T : class
    {
        _conventions.RemoveAll(x => x.Type == typeof(T));
        _conventions.Add(new(typeof(T), message => key((T)message), begins));
    }

    /// <summary>The message's key, or null if it keeps no order; and whether it is the first of that key.</summary>
    /// <exception cref="ArgumentException">The key is too long, or of the kind that the outbox gives itself.</exception>
    public (string? Key, bool Begins) Of<T>(SendContext<T> context)
        where T : class
    {
        if (IsUnordered(context))
            return (null, false);
        if (context.TryGetPayload(out Chosen? chosen))
            return (chosen.Key, false);

        var convention = _found.GetOrAdd(typeof(T), Find);
        var key = convention?.Key(context.Message);

        return string.IsNullOrEmpty(key) ? (null, false) : (Checked(key), convention!.Begins);
    }

    /// <summary>Whether the message is to keep no order at all, not even with those of its transaction.</summary>
    public static bool IsUnordered(SendContext context) => context.TryGetPayload(out NoOrder? _);

    public static string Checked(string key) =>
        key.Length > LongestKey
            ? throw new ArgumentException($"An ordering key has at most {LongestKey} characters, and this one {key.Length}.", nameof(key))
        : OutboxSession.IsTransactionKey(key) || key.Contains('\0')
            ? throw new ArgumentException(
                $"An ordering key does not begin with '{OutboxSession.TransactionKeyPrefix}' and contains no NUL.", nameof(key))
        : key;

    private Convention? Find(Type type) => _conventions.Find(x => x.Type == type) ?? _conventions.Find(x => x.Type.IsAssignableFrom(type));

    private sealed record Convention(Type Type, Func<object, string?> Key, bool Begins);

    /// <summary>Marks one message: it keeps no order.</summary>
    internal sealed record NoOrder;

    /// <summary>The key that was set for one message.</summary>
    internal sealed record Chosen(string? Key);
}
