using System.Text.Json.Nodes;

namespace Games.FakeDiscord.State;

/// <summary>A click, a command or a submitted modal, and what became of it.</summary>
internal sealed class Interaction(string id, string token, int type, Channel channel, User user, DateTimeOffset createdAt)
{
    public const int Command = 2;
    public const int Component = 3;
    public const int ModalSubmit = 5;

    public static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(15);

    private readonly TaskCompletionSource<Seen> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id { get; } = id;

    public string Token { get; } = token;

    public int Type { get; } = type;

    public Channel Channel { get; } = channel;

    public User User { get; } = user;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    /// <summary>The message whose component was used; also that of the modal which such a click opened.</summary>
    public Message? Message { get; init; }

    /// <summary>Of a modal: the interaction that opened it.</summary>
    public Interaction? OpenedBy { get; init; }

    /// <summary>The type of the first answer; null until there is one.</summary>
    public int? AnswerType { get; private set; }

    public bool IsEphemeral { get; private set; }

    /// <summary>What @original means.</summary>
    public Message? Original { get; set; }

    public JsonObject? Modal { get; set; }

    public List<Message> Followups { get; } = [];

    /// <summary>What the user sees, once it is there.</summary>
    public Task<Seen> Seen => _seen.Task;

    public Task Acknowledged => _acknowledged.Task;

    public void Answer(int answerType, bool isEphemeral)
    {
        AnswerType = answerType;
        IsEphemeral = isEphemeral;
        _acknowledged.TrySetResult();
    }

    public void Show(string outcome, Message message) =>
        _seen.TrySetResult(new(outcome, Id, message.Content.Length > 0 ? message.Content : null, message.ToJson()));

    public void ShowModal(JsonObject modal) => _seen.TrySetResult(new("modal", Id, Modal: (JsonObject)modal.DeepClone()));

    public JsonObject MetadataToJson()
    {
        var json = new JsonObject
        {
            ["id"] = Id,
            ["type"] = Type,
            ["user"] = User.ToJson(),
            ["authorizing_integration_owners"] = OwnersToJson(),
        };
        if (Type == Component && Message is not null)
            json["interacted_message_id"] = Message.Id;
        if (OpenedBy is not null)
            json["triggering_interaction_metadata"] = OpenedBy.MetadataToJson();
        return json;
    }

    public JsonObject OwnersToJson() => new() { ["0"] = Channel.GuildId ?? "0" };
}

/// <summary>
/// What a user sees of an interaction. Outcome: message, ephemeral, updated (the message of the button changed), modal, acknowledged (nothing to
/// see), thinking (deferred, and not there in time), failed (no answer within 3 s).
/// </summary>
internal sealed record Seen(
    string Outcome, string InteractionId, string? Text = null, JsonObject? Message = null, JsonObject? Modal = null, double Milliseconds = 0);
