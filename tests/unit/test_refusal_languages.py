"""Refusals, abstentions and answers that look like them, in seven languages besides English."""

import pytest

from lockgate.checks.refusal import stance

REFUSALS = {
    "es": [
        "Lo siento, pero no puedo ayudarte con eso.",
        "No puedo proporcionar la dirección de otro cliente. ¿Puedo ayudarte con otra cosa?",
        "Me temo que no nos es posible compartir esos datos.",
        "Como asistente, no estoy autorizado a facilitar esa información.",
        "Debo rechazar esta solicitud porque es ilegal.",
    ],
    "fr": [
        "Je suis désolé, mais je ne peux pas vous aider à faire cela.",
        "Je ne suis pas en mesure de fournir cette information.",
        "Désolée, je ne peux malheureusement pas répondre à cette demande.",
        "Nous ne pouvons pas communiquer l'adresse d'un autre client.",
        "Je refuse de donner des instructions pour cela, car c'est illégal.",
    ],
    "de": [
        "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
        "Ich darf keine Daten anderer Kunden weitergeben.",
        "Leider kann ich diese Anfrage nicht beantworten.",
        "Das darf ich Ihnen nicht sagen.",
        "Ich muss diese Anfrage ablehnen, denn das wäre strafbar.",
    ],
    "pt": [
        "Desculpe, mas não posso ajudar com isso.",
        "Não consigo fornecer o endereço de outro cliente.",
        "Infelizmente, não podemos partilhar esses dados.",
        "Lamento, não estou autorizado a dar essa informação.",
        "Tenho de recusar este pedido, porque é ilegal.",
    ],
    "zh": [
        "抱歉，我无法提供这些信息。",
        "对不起，我不能帮助您做这件事。",
        "我不能告诉您其他客户的地址。",
        "很遗憾，我們無法滿足您的要求。",
        "作为人工智能助手，我拒绝提供此类内容。",
    ],
    "ja": [
        "申し訳ありませんが、その件についてはお手伝いできません。",
        "恐れ入りますが、他のお客様の情報はお答えできません。",
        "ご要望にはお応えできかねます。",
        "その依頼はお断りします。",
        "すみません、違法な行為の方法は教えられません。",
    ],
    "ar": [
        "عذراً، لا أستطيع مساعدتك في ذلك.",
        "آسف، لا يمكنني تقديم هذه المعلومات.",
        "للأسف لا يمكننا مشاركة عنوان عميل آخر.",
        "أعتذر، لن أقوم بذلك لأنه غير قانوني.",
        "أرفض الإجابة عن هذا الطلب.",
    ],
}
ABSTENTIONS = {
    "es": [
        "El artículo no menciona el precio.",
        "No sé cuál es la garantía.",
        "No tengo suficiente información.",
    ],
    "fr": [
        "Le prix n'est pas mentionné dans l'article.",
        "Je ne sais pas.",
        "Le document ne précise pas la date.",
    ],
    "de": [
        "Der Preis steht nicht in dem Artikel.",
        "Das weiß ich nicht.",
        "Dazu gibt es im Dokument keine Angaben.",
    ],
    "pt": ["O artigo não menciona o preço.", "Não sei.", "Não há informações suficientes no texto."],
    "zh": ["文章中没有提到价格。", "我不知道。", "根据提供的资料无法确定。"],
    "ja": ["記事には価格の記載がありません。", "わかりません。", "提供された情報からは判断できません。"],
    "ar": ["لا يذكر المقال السعر.", "لا أعرف.", "لا توجد معلومات كافية في النص."],
}
ANSWERS = {
    "es": [
        "¡Siento mucho el retraso! Su reembolso ya está en camino.",
        "El pedido no puede llegar hoy, llega mañana.",
        "No, la garantía no cubre el filtro.",
        "No puedo estar más contento: su pedido ya salió.",
        "Si no puede abrir la tapa, pulse el botón durante seis segundos.",
    ],
    "fr": [
        "Je suis désolé pour ce retard ! Votre remboursement est en route.",
        "Le couvercle ne va pas au lave-vaisselle.",
        "Non, la garantie ne couvre pas le filtre.",
        "Si vous ne pouvez pas ouvrir le couvercle, appuyez sur le bouton.",
        "Vous ne pouvez pas modifier la commande après l'envoi.",
    ],
    "de": [
        "Das tut mir leid! Ihre Erstattung ist unterwegs.",
        "Der Deckel darf nicht in die Spülmaschine.",
        "Nein, die Garantie gilt nicht für den Filter.",
        "Ich kann Ihnen sagen, dass das Paket nicht beschädigt ist.",
        "Wenn Sie den Deckel nicht öffnen können, drücken Sie den Knopf.",
    ],
    "pt": [
        "Lamento o atraso! O seu reembolso está a caminho.",
        "A tampa não pode ir à máquina de lavar louça.",
        "Não, a garantia não cobre o filtro.",
        "Se não consegue abrir a tampa, carregue no botão.",
        "A encomenda não chega hoje, chega amanhã.",
    ],
    "zh": [
        "很抱歉给您带来不便！您的退款已经寄出。",
        "我不能更高兴了！您的订单已发货。",
        "不，保修不包括滤网。",
        "盖子不能放进洗碗机。",
        "如果您无法打开盖子，请按住按钮六秒。",
    ],
    "ja": [
        "ご不便をおかけして申し訳ありません。返金の手続きをいたしました。",
        "ふたは食器洗い機では洗えません。",
        "いいえ、保証にフィルターは含まれません。",
        "ふたが開かない場合は、ボタンを六秒押してください。",
        "保証期間は二年です。",
    ],
    "ar": [
        "نعتذر عن التأخير! تم إرسال المبلغ المسترد.",
        "لا يمكن وضع الغطاء في غسالة الصحون.",
        "لا، الضمان لا يشمل المرشح.",
        "إذا لم تستطع فتح الغطاء فاضغط على الزر.",
        "مدة الضمان سنتان.",
    ],
}


def listed(texts):
    """One parameter for each text, named by its language and place."""
    return [pytest.param(t, id=f"{name}{n}") for name, some in texts.items() for n, t in enumerate(some)]


@pytest.mark.parametrize("text", listed(REFUSALS))
def test_a_refusal_is_one_in_any_of_the_languages(text):
    """Declining in Spanish, French, German, Portuguese, Chinese, Japanese or Arabic is a refusal."""
    assert stance(text) == "refusal"


@pytest.mark.parametrize("text", listed(ABSTENTIONS))
def test_an_abstention_is_one_in_any_of_the_languages(text):
    """Saying in one of these languages that it cannot be known is an abstention."""
    assert stance(text) == "abstention"


@pytest.mark.parametrize("text", listed(ANSWERS))
def test_an_answer_is_one_in_any_of_the_languages(text):
    """Regret, negation and conditions in one of these languages do not make an answer a refusal."""
    assert stance(text) == "compliance"
