using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Games.Data;
using Games.ServiceDefaults.Access;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;

namespace Games.Api;

/// <summary>
/// Lets a caller repeat a POST whose answer he did not get: the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) names the
/// request, and for 24 hours the same key gets the first answer. It is kept in the transaction of what the request does, so either both are
/// there or none.
/// </summary>
internal sealed class IdempotentRequests(GamesDbContext db, IHttpContextAccessor http, IOptions<JsonOptions> json, TimeProvider clock)
{
    public const string Header = "Idempotency-Key";

    private const int OldDeletedByOne = 100;

    // A property that a later version adds leaves the hash of a request without it as it was.
    private static readonly JsonSerializerOptions GivenAlone = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Runs a request that creates a game: once for its key; always, if it has none.</summary>
    /// <param name="request">What is asked for: with the same key it must be the same.</param>
    /// <param name="create">Creates the game and saves it; with a key in the transaction that keeps the answer.</param>
    public async Task<IResult> RunOnceAsync<TRequest>(TRequest request, Func<CancellationToken, Task<GameView>> create, CancellationToken ct)
    {
        var context = http.HttpContext!;
        if (context.Request.Headers[Header] is not { Count: > 0 } given)
        {
            return AnswerOf(await create(ct));
        }

        var key = given.ToString();
        if (key.Length is 0 or > IdempotencyKey.KeyMaxLength || key.Any(c => c is < ' ' or > '~'))
            return Problem(StatusCodes.Status400BadRequest, $"{Header} must have 1 to {IdempotencyKey.KeyMaxLength} visible ASCII characters.");

        var caller = context.Caller().KeyId;
        var requestHash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, GivenAlone));

        // Ends by the commit below, or is rolled back when it is disposed.
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await TryLockAsync(caller, key, ct))
            return Problem(StatusCodes.Status409Conflict, $"A request with this {Header} is under way. Try again.");

        if (await FindAsync(caller, key, ct) is { } first)
        {
            return first.RequestHash.AsSpan().SequenceEqual(requestHash)
                ? new Answer(first.GameId, first.Answer)
                : Problem(StatusCodes.Status422UnprocessableEntity, $"This {Header} was used for another request.");
        }

        await DeleteOldAsync(ct);
        return await RunAsync(transaction, caller, key, requestHash, create, ct);
    }

    private async Task<IResult> RunAsync(
        IDbContextTransaction transaction, Guid caller, string key, byte[] requestHash, Func<CancellationToken, Task<GameView>> create,
        CancellationToken ct)
    {
        var answer = AnswerOf(await create(ct));
        db.IdempotencyKeys.Add(IdempotencyKey.For(caller, key, requestHash, answer.GameId, answer.Body, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);

        return answer;
    }

    // Held until the transaction ends: a second request finds out at once, and does not wait for the first.
    private Task<bool> TryLockAsync(Guid caller, string key, CancellationToken ct) => db.Database
        .SqlQuery<bool>($"""SELECT pg_try_advisory_xact_lock(hashtextextended({$"idempotency {caller} {key}"}, 0)) AS "Value" """)
        .SingleAsync(ct);

    private async Task<IdempotencyKey?> FindAsync(Guid caller, string key, CancellationToken ct)
    {
        var found = await db.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(k => k.ApiKeyId == caller && k.Key == key, ct);
        if (found is null || found.CreatedAt > Oldest)
            return found;

        await db.IdempotencyKeys.Where(k => k.ApiKeyId == caller && k.Key == key).ExecuteDeleteAsync(ct);
        return null;
    }

    // Each new key makes room for itself, so that no service has to run for that.
    private Task<int> DeleteOldAsync(CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"""
         DELETE FROM idempotency_keys WHERE (api_key_id, key) IN (
             SELECT api_key_id, key FROM idempotency_keys WHERE created_at < {Oldest} LIMIT {OldDeletedByOne} FOR UPDATE SKIP LOCKED)
         """,
        ct);

    private DateTimeOffset Oldest => clock.GetUtcNow() - IdempotencyKey.Lifetime;

    private Answer AnswerOf(GameView game) => new(game.Id, JsonSerializer.Serialize(game, json.Value.SerializerOptions));

    private static IResult Problem(int status, string detail) => Results.Problem(statusCode: status, detail: detail);

    private sealed class Answer(Guid gameId, string body) : IResult
    {
        public Guid GameId => gameId;

        public string Body => body;

        public Task ExecuteAsync(HttpContext context)
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.Headers.Location = $"/games/{gameId}";
            context.Response.ContentType = "application/json; charset=utf-8";
            return context.Response.WriteAsync(body, context.RequestAborted);
        }
    }
}
